import PassimCore
import PassimSystem
import PassimTestKit
import Testing

/// What the stock daemon does wrong when scanning and serving, and must be right here.
struct StockFaultTests {
    let site: DaemonSite
    var tree: TemporaryTree { site.tree }

    init() throws {
        site = try DaemonSite()
        try site.share()
    }

    private let longAgo = DaemonSite.longAgo

    private func start() throws -> DaemonProcess {
        let daemon = try site.start()
        try daemon.firstPass()
        return daemon
    }

    /// What every fault must leave working.
    private func expectServes(_ daemon: DaemonProcess, _ content: String) throws {
        let response = try daemon.fetch(Digest(of: content))
        #expect(response.status == 200, "\(content)")
        #expect(response.text == content)
        #expect(daemon.isRunning)
    }

    // MARK: Files that change

    @Test func changedFileIsServedByItsNewDigestOnly() throws {
        try tree.write("mirror/file", "the old content")
        let daemon = try start()
        try expectServes(daemon, "the old content")
        try tree.write("mirror/file", "the new content, longer")
        #expect(try daemon.fetch(Digest(of: "the old content")).status == 404)
        #expect(
            try daemon.fetchWhenServed(Digest(of: "the new content, longer")).text
                == "the new content, longer")
        #expect(try daemon.fetch(Digest(of: "the old content")).status == 404)
    }

    /// `tar x` and `cp -p` do this.
    @Test func sameSizeRewriteWithTheTimePutBackIsNoticed() throws {
        try site.put("file", "content A")
        let daemon = try start()
        try expectServes(daemon, "content A")
        try site.put("file", "content B")
        #expect(try daemon.fetch(Digest(of: "content A")).status == 404)
        #expect(try daemon.fetchWhenServed(Digest(of: "content B")).text == "content B")
        #expect(try tree.attribute("user.checksum.sha256", of: "mirror/file") == Digest(of: "content B").hex)
    }

    @Test func replacedFileIsNoticed() throws {
        try site.put("file", "content A")
        let daemon = try start()
        try site.put(".new", "content B")
        try tree.rename("mirror/.new", to: "mirror/file")
        #expect(try daemon.fetch(Digest(of: "content A")).status == 404)
        #expect(try daemon.fetchWhenServed(Digest(of: "content B")).status == 200)
    }

    /// On an open connection, where the file was just sent and may be open still.
    @Test func changeBetweenTwoRequestsOfAConnectionIsNoticed() throws {
        try site.put("file", "content A")
        let daemon = try start()
        let connection = try daemon.connect()
        let target = "/x?sha256=\(Digest(of: "content A").hex)"
        #expect(try connection.request("GET", target).text == "content A")
        try tree.overwrite("mirror/file", at: 8, Array("B".utf8))
        try tree.setModified("mirror/file", longAgo)
        #expect(try connection.request("GET", target).status == 404)
        #expect(try connection.request("HEAD", target).status == 404)
    }

    @Test func removedFileIsUnknownAndItsCopyIsServed() throws {
        try site.put("a", "twice")
        try site.put("b", "twice")
        try site.put("c", "once")
        let daemon = try start()
        try tree.remove("mirror/a")
        try tree.remove("mirror/c")
        try expectServes(daemon, "twice")
        #expect(try daemon.fetch(Digest(of: "once")).status == 404)
        try tree.remove("mirror/b")
        #expect(try daemon.fetch(Digest(of: "twice")).status == 404)
    }

    /// Ten times, as each way of being cut off may be another one.
    @Test func fileTruncatedWhileBeingSentEndsThatConnectionOnly() throws {
        let size: UInt64 = 24 << 20
        for number in 0..<10 {
            try tree.truncate("mirror/large\(number)", to: size)
            try tree.overwrite("mirror/large\(number)", at: 0, [UInt8(number)])
        }
        try site.put("small", "still here")
        let daemon = try start()
        for number in 0..<10 {
            let digest = try tree.digest(of: "mirror/large\(number)")
            let connection = try slowConnection(daemon)
            try connection.client.send("GET /x?sha256=\(digest.hex) HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try connection.head()["Content-Length"] == "\(size)")
            // Now it is being sent; the kernel's buffers cannot hold the rest.
            try tree.truncate("mirror/large\(number)", to: number % 2 == 0 ? 0 : 1 << 20)
            var received: UInt64 = 0
            #expect(throws: (any Error).self) {
                try connection.readBody(Int(size), seconds: 20) { received += UInt64($0.count) }
            }
            #expect(received < size)
            try expectServes(daemon, "still here")
            #expect(try daemon.fetch(digest).status == 404)
        }
        #expect(daemon.isRunning)
    }

    @Test func bytesWrittenOverAFileBeingSentAreNotSent() throws {
        let size: UInt64 = 24 << 20
        try tree.truncate("mirror/large", to: size)
        let digest = try tree.digest(of: "mirror/large")
        let daemon = try start()
        let connection = try slowConnection(daemon)
        try connection.client.send("GET /x?sha256=\(digest.hex) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try connection.head().status == 200)
        try tree.overwrite("mirror/large", at: 0, [UInt8](repeating: 1, count: Int(size)))
        var foreign = 0
        #expect(throws: (any Error).self) {
            try connection.readBody(Int(size), seconds: 20) { part in
                foreign += part.reduce(0) { $0 + ($1 == 0 ? 0 : 1) }
            }
        }
        #expect(foreign == 0)
        #expect(daemon.isRunning)
    }

    private func slowConnection(_ daemon: DaemonProcess) throws -> HTTPExchange {
        var options = TLSClient.Options()
        options.receiveBuffer = 16 << 10
        return try daemon.connect(options)
    }

    // MARK: What is no file

    @Test func fifosSocketsAndSymlinksAreNotServedAndHarmNothing() throws {
        try site.put("sub/file", "a file")
        try tree.write("outside/secret", "a secret")
        try tree.fifo("mirror/fifo")
        try tree.socket("mirror/socket")
        try tree.symlink("mirror/self", to: "self")
        try tree.symlink("mirror/sub/up", to: "..")
        try tree.symlink("mirror/one", to: "two")
        try tree.symlink("mirror/two", to: "one")
        try tree.symlink("mirror/out", to: tree.absolute("outside"))
        try tree.symlink("mirror/secret", to: tree.absolute("outside/secret"))
        try tree.symlink("mirror/root", to: "/")
        try tree.symlink("mirror/nothing", to: "nowhere")
        let daemon = try site.start()
        #expect(try daemon.firstPass().served == 1)
        try expectServes(daemon, "a file")
        #expect(try daemon.fetch(Digest(of: "a secret")).status == 404)
    }

    @Test func directoryThatBecomesASymlinkIsNotFollowed() throws {
        try site.put("sub/file", "a file")
        try tree.write("outside/file", "a file")
        let daemon = try start()
        try tree.rename("mirror/sub", to: "moved")
        try tree.symlink("mirror/sub", to: tree.absolute("outside"))
        #expect(try daemon.fetch(Digest(of: "a file")).status == 404)
        #expect(daemon.isRunning)
    }

    @Test func directoryItselfMayBeASymlink() throws {
        try tree.write("real/file", "a file")
        try tree.symlink("link", to: "real")
        try site.share("link", as: "link")
        try expectServes(start(), "a file")
    }

    // MARK: Checksums that are wrong

    @Test(arguments: [
        "", "bogus", "0", String(repeating: "g", count: 64), String(repeating: "a", count: 2000),
    ])
    func bogusChecksumIsReplaced(value: String) throws {
        try site.put("file", "content")
        try tree.setAttribute("user.checksum.sha256", of: "mirror/file", value)
        try tree.setAttribute("user.checksum.sha256.stamp", of: "mirror/file", "7:1600000000.123000000")
        try expectServes(start(), "content")
        #expect(try tree.attribute("user.checksum.sha256", of: "mirror/file") == Digest(of: "content").hex)
    }

    @Test(arguments: [
        nil, "", "7", "7:1600000000", "8:1600000000.123000000", "7:1600000001.123000000",
        "7:1600000000.000000000",
        "7:1600000000.123", "7:1600000000.123000000 ", "bogus", String(repeating: "7", count: 1000),
    ])
    func checksumWithoutItsStampIsNotTrusted(stamp: String?) throws {
        try site.put("file", "content")
        let wrong = Digest(of: "other content")
        try tree.setAttribute("user.checksum.sha256", of: "mirror/file", wrong.hex)
        if let stamp { try tree.setAttribute("user.checksum.sha256.stamp", of: "mirror/file", stamp) }
        let daemon = try site.start()
        #expect(try daemon.firstPass().hashed == 1)
        try expectServes(daemon, "content")
        #expect(try daemon.fetch(wrong).status == 404)
        #expect(try tree.attribute("user.checksum.sha256", of: "mirror/file") == Digest(of: "content").hex)
        let written = try tree.attribute("user.checksum.sha256.stamp", of: "mirror/file")
        #expect(written?.hasPrefix("v2:7:1600000000.123000000:") == true)
    }

    /// The stock daemon writes a checksum and no stamp: it is hashed once.
    @Test func stockDaemonsChecksumIsStampedOnce() throws {
        try site.put("file", "content")
        try tree.setAttribute("user.checksum.sha256", of: "mirror/file", Digest(of: "content").hex)
        let first = try site.start()
        #expect(try first.firstPass() == .init(served: 1, hashed: 1))
        let stamp = try tree.attribute("user.checksum.sha256.stamp", of: "mirror/file")
        #expect(stamp?.hasPrefix("v2:7:1600000000.123000000:") == true)
        #expect(try tree.status("mirror/file").modified == longAgo)
        try first.process.terminate()
        #expect(try site.start().firstPass() == .init(served: 1, hashed: 0))
    }

    /// Ticks are coarse: within them a file can change once more and keep its time. Writing the stamp is what
    /// sets the ctime.
    @Test func stampIsNotWrittenWhileTheFileIsYoung() throws {
        try tree.write("mirror/file", "content")
        try expectServes(start(), "content")
        let facts = try tree.status("mirror/file")
        if try tree.attribute("user.checksum.sha256.stamp", of: "mirror/file") != nil {
            #expect(facts.changed.seconds - facts.modified.seconds >= 2)
        }
    }

    // MARK: Trees

    @Test func fiftyDirectoriesOf255BytesAreServed() throws {
        var deep = RawName("mirror")
        for level in 0..<50 {
            let letter = UInt8(0x61 + level % 26)
            deep = deep.appending(RawName(bytes: [UInt8](repeating: letter, count: 255)))
            let file = deep.appending(RawName("file\(level)"))
            try tree.write(file, "level \(level)")
            try tree.setModified(file, longAgo)
        }
        let daemon = try site.start()
        #expect(try daemon.firstPass().served == 50)
        for level in [0, 14, 15, 16, 30, 49] { try expectServes(daemon, "level \(level)") }
        // The page shows it, too.
        #expect(try daemon.get("/").status == 200)
    }

    @Test func moreThanThirtyOneFilesAreServed() throws {
        for number in 0..<100 { try site.put("\(number % 7)/\(number)", "file \(number)") }
        let daemon = try site.start()
        #expect(try daemon.firstPass().served == 100)
        let connection = try daemon.connect()
        for number in 0..<100 {
            let digest = Digest(of: "file \(number)")
            #expect(try connection.request("GET", "/x?sha256=\(digest.hex)").text == "file \(number)")
        }
    }

    @Test(arguments: OddName.all)
    func oddNameIsServedAndItsNameSentSafely(odd: OddName) throws {
        try site.put(odd.name, "content")
        try site.put(odd.directory.appending(RawName("x")), "below")
        let daemon = try start()
        let response = try daemon.fetch(Digest(of: "content"))
        #expect(response.text == "content")
        let disposition = try #require(response["Content-Disposition"])
        #expect(disposition.utf8.allSatisfy { (0x20...0x7E).contains($0) })
        let plain = try #require(odd.plainForm(of: disposition))
        #expect(odd.decoded(plain) == odd.name.bytes)
        #expect(disposition.contains("filename*=UTF-8''") == odd.wantsExtendedForm)
        try expectServes(daemon, "below")
        #expect(try daemon.get("/").status == 200)
    }

    @Test func emptyFilesAreServed() throws {
        try site.put("empty", "")
        try site.put("empty too", "")
        let daemon = try site.start()
        #expect(try daemon.firstPass().served == 2)
        let response = try daemon.fetch(Digest(of: ""))
        #expect(response.status == 200)
        #expect(response["Content-Length"] == "0")
        #expect(response.body.isEmpty)
    }

    // MARK: Drop-ins

    @Test func brokenDropInHarmsNoOther() throws {
        try site.put("file", "content")
        try tree.write("etc/passim.d/a.conf", "no keyfile at all")
        try tree.write("etc/passim.d/b.conf", "[passim]\n")
        try tree.write("etc/passim.d/c.conf", "[passim]\nPath=relative\n")
        try tree.write("etc/passim.d/d.conf", "[passim]\nPath=\(tree.absolute("missing"))\n")
        try tree.write("etc/passim.d/e.conf", [0xFF, 0xFE, 0x00])
        try tree.makeDirectory("etc/passim.d/f.conf")
        let daemon = try start()
        try expectServes(daemon, "content")
        for name in ["a.conf", "b.conf", "c.conf", tree.absolute("missing"), "e.conf"] {
            #expect(daemon.log.split(separator: "\n").filter { $0.contains(name) }.count == 1, "\(name)")
        }
    }

    @Test func missingDirectoryOfDropInsIsNoError() throws {
        try tree.remove("etc/passim.d/mirror.conf")
        try tree.remove("etc/passim.d")
        #expect(try start().get("/").status == 200)
    }
}
