import Glibc
import PassimCore
import PassimTestKit
import Testing

/// The audit log and the total of a daemon that is killed, or asked for the same without end.
@Suite(.timeLimit(.minutes(10)))
struct AuditLogCrashTests {
    private static let isLong = getenv("PASSIM_LONG") != nil

    private static let log = "var/log/passim/audit.log"

    /// Sizes of SHARE lines of the log and the old ones, and how many there are.
    private func logged(_ site: DaemonSite) throws -> (bytes: Int, lines: Int) {
        var sum = (bytes: 0, lines: 0)
        guard site.tree.exists("var/log/passim") else { return sum }
        // One that was being prepared when the daemon was killed counts for nothing.
        for name in try site.tree.list("var/log/passim") where name.bytes.first != 0x2E {
            let text = String(
                decoding: try site.tree.read(RawName("var/log/passim").appending(name)), as: UTF8.self)
            for line in text.split(separator: "\n") where line.contains(" SHARE ") {
                let size = line.split(separator: ",").first { $0.hasPrefix("size=") }?.dropFirst(5)
                sum.bytes += try #require(size.flatMap { Int($0) }, "\(line)")
                sum.lines += 1
            }
        }
        return sum
    }

    /// The total as it is written; 0 before a daemon has written one.
    private func total(_ site: DaemonSite) throws -> Int {
        guard site.tree.exists("var/lib/passim/totals") else { return 0 }
        let text = String(decoding: try site.tree.read("var/lib/passim/totals"), as: UTF8.self)
        return try #require(text.split(separator: "\n").first.flatMap { Int($0) })
    }

    /// Files of several sizes, each fetched some times, one of them so often that its lines are merged.
    private func download(_ daemon: DaemonProcess, _ digests: [Digest], _ random: inout SeededGenerator)
        throws -> Int
    {
        var bytes = 0
        let connection = try daemon.connect()
        for digest in digests {
            for _ in 0..<(digest == digests[0] ? 40 : Int.random(in: 1...3, using: &random)) {
                let response = try connection.request("GET", "/x?sha256=\(digest.hex)")
                #expect(response.status == 200)
                bytes += response.body.count
            }
        }
        return bytes
    }

    @Test func killedDaemonHasTheLinesAndTheTotalOfAllThatWasFetched() async throws {
        let site = try DaemonSite()
        var random = SeededGenerator()
        var digests: [Digest] = []
        for number in 0..<8 {
            let content = String(repeating: "\(number)", count: 1000 * (number + 1))
            try site.put("\(number)", content)
            digests.append(Digest(of: content))
        }
        try site.share()
        var expected = 0
        var rounds = 0
        var losses = 0
        for _ in 0..<(AuditLogCrashTests.isLong ? 100 : 4) {
            let daemon = try site.start()
            try daemon.firstPass()
            expected += try download(daemon, digests, &random)
            if AuditLogCrashTests.isLong {
                // The time that a line may take.
                usleep(50_000)
            } else {
                // However busy the machine is.
                #expect(try await becomesTrue(within: 60) { try logged(site).bytes == expected })
            }
            daemon.process.kill(SIGKILL)
            _ = try daemon.process.wait()
            rounds += 1
            let next = try site.start()
            #expect(try next.process.terminate() == .exit(0))
            let told = try logged(site).bytes
            if told < expected { losses += 1 }
            #expect(told <= expected, "round \(rounds)")
            #expect(try total(site) == told, "round \(rounds)")
            // What was not written in time is nowhere.
            expected = told
        }
        print(
            "audit log: killed \(rounds) times, \(losses) with lines lost that were 50 ms old, \(expected) bytes"
        )
        #expect(losses == 0)
    }

    @Test func clientsThatAskForTheSameWithoutEndFillNoDisk() async throws {
        let site = try DaemonSite()
        try site.configure(["AuditLogSize=65536", "AuditLogsKept=2"])
        try site.put("file", "content of the file\n")
        try site.share()
        let daemon = try site.start()
        try daemon.firstPass()
        let digest = Digest(of: "content of the file\n")
        let connection = try daemon.connect()
        for _ in 0..<3000 { #expect(try connection.request("GET", "/x?sha256=\(digest.hex)").status == 200) }
        #expect(try await becomesTrue(within: 60) { try logged(site).bytes == 3000 * 20 })
        // Some ten lines for each second that it took.
        #expect(try logged(site).lines < 1000)
        // Names of the same file that nobody can merge.
        for number in 0..<1500 { try site.put("many/\(number)", "\(number)") }
        try daemon.waitForSharedFiles { $0 == 1501 }
        for number in 0..<1500 {
            #expect(try connection.request("GET", "/x?sha256=\(Digest(of: "\(number)").hex)").status == 200)
        }
        #expect(
            try await becomesTrue(within: 60) {
                try total(site) == 3000 * 20 + (0..<1500).reduce(0) { $0 + "\($1)".count }
            })
        for name in try site.tree.list("var/log/passim") {
            #expect(
                ["audit.log", "audit.log.1", "audit.log.2", "audit.log.held"].contains("\(name)"), "\(name)")
            #expect(try site.tree.status(RawName("var/log/passim").appending(name)).size <= 65536)
        }
        #expect(site.tree.exists("var/log/passim/audit.log.2"))
    }
}
