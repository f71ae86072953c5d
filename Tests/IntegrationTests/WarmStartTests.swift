import PassimCore
import PassimTestKit
import Testing

/// A second start over the same tree reads no content and writes nothing.
struct WarmStartTests {
    private let count = 300
    private let longAgo = Timestamp(seconds: 1_600_000_000, nanoseconds: 5)

    private func fill(_ tree: TemporaryTree) throws {
        for number in 0..<count {
            let path = "mirror/\(number % 10)/file \(number)"
            try tree.write(path, "content of \(number)")
            try tree.setModified(path, longAgo)
        }
    }

    /// Name, inode, size, mtime and ctime of everything below a directory: any write shows in one of them.
    private func state(of directory: String, in tree: TemporaryTree) throws -> String {
        let listed = try Command.succeed([
            "find", tree.absolute(directory), "-type", "f", "-printf", "%P %i %s %m %T@ %C@\n",
        ])
        // What is told of downloads is another matter, and whose the directory is.
        let lines = listed.text.split(separator: "\n").filter {
            !$0.hasPrefix("log/") && !$0.hasPrefix("lib/passim/totals ") && !$0.hasPrefix("lib/passim/lock ")
                && !$0.hasPrefix("lib/passim/mirror-shares ")
        }
        return lines.sorted().joined(separator: "\n")
    }

    private func expectSecondStartToDoNothing(_ site: DaemonSite) throws {
        try fill(site.tree)
        try site.share()
        let first = try site.start()
        #expect(try first.firstPass() == .init(served: count, hashed: count))
        #expect(try first.process.terminate() == .exit(0))
        let mirror = try state(of: "mirror", in: site.tree)
        let cache = try state(of: "var", in: site.tree)
        #expect(mirror.split(separator: "\n").count == count)

        let second = try site.start()
        #expect(try second.firstPass() == .init(served: count, hashed: 0))
        let connection = try second.connect()
        for number in 0..<count {
            let digest = Digest(of: "content of \(number)")
            #expect(try connection.request("GET", "/x?sha256=\(digest.hex)").text == "content of \(number)")
        }
        #expect(try second.process.terminate() == .exit(0))
        #expect(try state(of: "mirror", in: site.tree) == mirror)
        #expect(try state(of: "var", in: site.tree) == cache)
    }

    /// Checksums are attributes of the files.
    @Test func ownerOfTheFilesHashesOnce() throws {
        let site = try DaemonSite()
        try expectSecondStartToDoNothing(site)
        let file = "mirror/7/file 7"
        #expect(try site.tree.attribute("user.checksum.sha256", of: file) == Digest(of: "content of 7").hex)
        let stamp = try site.tree.attribute("user.checksum.sha256.stamp", of: file)
        #expect(stamp?.hasPrefix("v2:12:1600000000.000000005:") == true)
        #expect(try site.tree.status(file).modified == longAgo)
    }

    /// Checksums are in the daemon's own store.
    @Test(.enabled(if: isRoot, "needs root to start the daemon as another user"))
    func anotherUserHashesOnce() throws {
        let site = try DaemonSite(user: DaemonSite.unprivileged)
        try expectSecondStartToDoNothing(site)
        #expect(try site.tree.attribute("user.checksum.sha256", of: "mirror/7/file 7") == nil)
        #expect(try !Command.succeed(["ls", site.tree.absolute("var/cache/passim")]).text.isEmpty)
    }

    @Test func onlyWhatChangedMeanwhileIsHashedAgain() throws {
        let site = try DaemonSite()
        try fill(site.tree)
        try site.share()
        let first = try site.start()
        try first.firstPass()
        try first.process.terminate()
        try site.tree.write("mirror/1/file 1", "changed")
        try site.tree.write("mirror/new", "added")
        try site.tree.remove("mirror/2/file 2")
        let second = try site.start()
        #expect(try second.firstPass() == .init(served: count, hashed: 2))
        #expect(try second.fetch(Digest(of: "changed")).text == "changed")
        #expect(try second.fetch(Digest(of: "added")).text == "added")
        #expect(try second.fetch(Digest(of: "content of 1")).status == 404)
        #expect(try second.fetch(Digest(of: "content of 2")).status == 404)
    }

    @Test(.enabled(if: isRoot, "needs root to start the daemon as another user"))
    func anotherUserHashesOnlyWhatChangedMeanwhile() throws {
        let site = try DaemonSite(user: DaemonSite.unprivileged)
        try fill(site.tree)
        try site.share()
        let first = try site.start()
        try first.firstPass()
        try first.process.terminate()
        // Its size and mtime stay as they were: ctime tells.
        try site.tree.write("mirror/1/file 1", "CONTENT of 1")
        try site.tree.setModified("mirror/1/file 1", longAgo)
        let second = try site.start()
        #expect(try second.firstPass() == .init(served: count, hashed: 1))
        #expect(try second.fetch(Digest(of: "CONTENT of 1")).status == 200)
        #expect(try second.fetch(Digest(of: "content of 1")).status == 404)
    }

    /// Killed, not ended: what was hashed is not lost but for the last moments, and nothing is broken.
    @Test func startAfterAKillIsClean() throws {
        let site = try DaemonSite()
        try fill(site.tree)
        try site.share()
        let first = try site.start()
        try first.firstPass()
        first.process.kill(9)
        _ = try first.process.wait()
        #expect(try site.start().firstPass() == .init(served: count, hashed: 0))
    }
}
