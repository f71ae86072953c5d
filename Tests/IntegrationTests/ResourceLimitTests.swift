import Glibc
import PassimCore
import PassimCrypto
import PassimSystem
import PassimTestKit
import Testing

/// The daemon where descriptors, memory or room on the disk are lacking.
@Suite(.timeLimit(.minutes(10)))
struct ResourceLimitTests {
    private static let isLong = getenv("PASSIM_LONG") != nil

    /// Lines that an operator acts on.
    private func complaints(of daemon: DaemonProcess) -> [Substring] {
        daemon.log.split(separator: "\n").filter { line in
            ["warning", "error", "critical"].contains { line.contains(" \($0): ") }
        }
    }

    // MARK: Descriptors

    @Test(.enabled(if: !isSanitized, "needs a program that is as small as it is"))
    func sixtyFourDescriptorsServeTwoHundredClients() throws {
        let site = try DaemonSite()
        var digests: [Digest] = []
        for number in 0..<40 {
            let content = "file \(number) " + String(repeating: "x", count: number * 3000)
            try site.put("\(number % 5)/\(number)", content)
            digests.append(Digest(of: content))
        }
        for number in 0..<5 { try site.put("old/\(number)", "old \(number)") }
        try site.share()
        let daemon = try site.start(after: "ulimit -n 64")
        try daemon.firstPass()
        let crowd = try Crowd(daemon, digests, clients: 200)
        // The mirror goes on changing meanwhile.
        for number in 0..<20 { try site.put("late/\(number)", "late \(number)") }
        for number in 0..<5 { try site.tree.remove("mirror/old/\(number)") }
        // Some are never taken by clients: libdispatch ends a process that has none left.
        var most = 0
        for _ in 0..<50 { most = try max(most, daemon.openDescriptors) }
        #expect(most <= 60)
        let failures = try crowd.wait(seconds: 120)
        #expect(failures.isEmpty, "\(failures.prefix(3)); \(daemon.log.suffix(2000))")
        try #require(
            daemon.isRunning, "\(String(describing: daemon.process.end)): \(daemon.log.suffix(2000))")
        try daemon.expectSame(as: daemon.freshScan(), within: 60)
        #expect(complaints(of: daemon).count <= 20, "\(daemon.log)")
        #expect(try daemon.process.terminate() == .exit(0))
        print(
            "limits: 64 descriptors, 200 clients: all served, at most \(most) open, \(complaints(of: daemon).count) lines"
        )
    }

    // MARK: Memory

    @Test(
        .enabled(if: MemoryLimit.isPossible, "needs control groups of memory to make"),
        .enabled(if: !isSanitized, "needs a program that is as small as it is"))
    func sixtyFourMebibytesAreEnough() throws {
        let site = try DaemonSite()
        let files = ResourceLimitTests.isLong ? 50_000 : 2000
        for number in 0..<files { try site.put("\(number % 50)/\(number)", "file \(number)") }
        var large: [Digest] = []
        for number in 0..<2 {
            let content = [UInt8](repeating: UInt8(number), count: 24 << 20)
            try site.put("large\(number)", content)
            large.append(Digest(of: content))
        }
        try site.share()
        let limit = try MemoryLimit(mebibytes: 64)
        let daemon = try site.start(after: limit.script)
        // Who has asked once may be idle for a minute, and for 10 s who has not.
        let idleUntil = monotonicNanoseconds() + 50_000_000_000
        let idle = try (0..<100).map { _ in
            let connection = try daemon.connect()
            _ = try connection.request("GET", "/healthz")
            return connection
        }
        let crowd = try Crowd(daemon, large, clients: 16)
        try daemon.firstPass()
        let failures = try crowd.wait(seconds: 200)
        #expect(failures.isEmpty, "\(failures.prefix(3))")
        #expect(try daemon.fetch(Digest(of: "file \(files - 1)")).status == 200)
        try daemon.waitForSharedFiles { $0 == files + 2 }
        #expect(try limit.kills() == 0 && daemon.isRunning)
        if monotonicNanoseconds() < idleUntil {
            #expect(try idle[0].request("HEAD", "/x?sha256=\(large[0].hex)").status == 200)
        }
        print(
            "limits: 64 MiB of memory: \(files) files, 116 connections, 16 downloads of 24 MiB; \(try limit.kills())",
            "killed, at most \(try limit.peak() >> 20) MiB with the page cache, resident",
            "\(try daemon.status("VmRSS") >> 10) MiB")
        #expect(try daemon.process.terminate() == .exit(0))
    }

    // MARK: Disk

    @Test(.enabled(if: canMount && PublisherSite.isPossible, "needs root and mount namespaces"))
    func fullDiskOfLogAndStateCostsNoDownloadAndNoLine() async throws {
        let site = try PublisherSite(ownMounts: true)
        try site.site.put("file", "content")
        try site.site.share()
        let state = site.site.tree.absolute("var")
        let daemon = try site.start(after: "mount -t tmpfs -o size=256k none '\(state)'")
        try daemon.firstPass()
        let digest = Digest(of: "content")
        // The key and the certificate are there. Of the log there is nothing: a page of it would have room for more lines.
        let exchange = try daemon.connect()
        func fill() throws {
            try daemon.runAmongItsMounts(
                "sh", "-c", "dd if=/dev/zero of='\(state)/filler' 2>/dev/null || true")
        }
        try fill()
        func download(_ count: Int) throws {
            for _ in 0..<count {
                let response = try exchange.request("GET", "/x?sha256=\(digest.hex)")
                guard response.status == 200, response.text == "content" else {
                    throw TestFailure("\(response.status) \(response.text)")
                }
            }
        }
        try download(100)
        try daemon.process.waitForLine(containing: "audit.log cannot be written")
        #expect(try await site.publish("refused\n").error == gioError(12))
        try download(200)
        let before = complaints(of: daemon).count
        #expect(before <= 6, "\(daemon.log)")
        try daemon.runAmongItsMounts("rm", "\(state)/filler")
        try daemon.process.waitForLine(containing: "audit.log is written again")
        #expect(try await site.publish("accepted\n").error == nil)
        // None of the 300 downloads is missing in the log.
        let log = "\(state)/log/passim/audit.log"
        let isWhole = try await becomesTrue(within: 30) {
            // Those that wait to be one line are beside it.
            let text = try daemon.runAmongItsMounts(
                "sh", "-c", "cat '\(log)' '\(log).held' 2>/dev/null || true"
            ).text
            let sizes = text.split(separator: "\n").filter { $0.contains(" SHARE ") }.compactMap { line in
                line.split(separator: ",").first { $0.hasPrefix("size=") }.flatMap { Int($0.dropFirst(5)) }
            }
            return sizes.reduce(0, +) == 300 * "content".utf8.count
        }
        #expect(isWhole, "\(daemon.log)")
        #expect(try daemon.process.terminate() == .exit(0))
        print(
            "limits: full disk of log and state: 300 downloads, all of them in the log, \(before) complaints")
    }

    @Test(.enabled(if: canMount && PublisherSite.isPossible, "needs root and mount namespaces"))
    func readOnlyStateIsToldAndEverythingElseGoesOn() async throws {
        let site = try PublisherSite(ownMounts: true)
        try site.site.put("file", "content")
        try site.site.share()
        let first = try site.start()
        #expect(try await site.publish("published\n").error == nil)
        let certificate = try first.connect().client.peerCertificates
        #expect(try first.process.terminate() == .exit(0))
        let state = site.site.tree.absolute("var")
        let daemon = try site.start(
            after: "mount --bind '\(state)' '\(state)' && mount -o remount,bind,ro '\(state)'")
        try daemon.firstPass()
        #expect(try daemon.connect().client.peerCertificates == certificate)
        for _ in 0..<50 {
            #expect(try daemon.fetch(Digest(of: "content")).text == "content")
        }
        // Four of five; the last one has it deleted, which cannot be.
        for _ in 0..<5 { #expect(try daemon.fetch(Digest(of: "published\n")).text == "published\n") }
        #expect(try daemon.fetch(Digest(of: "published\n")).status == 404)
        let refused = try await site.publish("more\n")
        #expect(refused.error != nil && refused.message.contains("Read-only"), "\(refused)")
        try site.site.put("later", "later")
        try daemon.expectServed("later")
        #expect(complaints(of: daemon).count <= 8, "\(daemon.log)")
        #expect(try daemon.process.terminate() == .exit(0))
        print("limits: read-only state: all served, \(complaints(of: daemon).count) complaints")
    }
}
