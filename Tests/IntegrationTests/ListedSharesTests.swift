import PassimCore
import PassimTestKit
import Testing

/// What `passim list` says of files of directories.
@Suite(.timeLimit(.minutes(5)))
struct ListedSharesTests {
    @Test func downloadsAreCountedOverARestartAndNamesComeInOrderWithTheirDropIn() throws {
        let bus = try SystemBus(.everything)
        let site = try DaemonSite(environment: bus.environment)
        for name in ["c", "a", "b/d"] { try site.put(name, "content of \(name)") }
        try site.share("mirror", as: "lvfs")
        func listed() throws -> [String] {
            let list = try Command.succeed([try Products.path(of: "passim"), "list"], bus.setting()).text
            return list.split(separator: "\n").dropFirst().map { line in
                // Digest, size with its unit, shares, end, drop-in, name.
                let words = line.split(separator: " ")
                return "\(words[3]) \(words[5]) \(words[6])"
            }
        }
        let daemon = try site.start()
        try daemon.firstPass()
        for _ in 0..<2 { #expect(try daemon.fetch(Digest(of: "content of c")).status == 200) }
        let end = ContinuousClock.now + .seconds(60)
        while try listed().last != "2 lvfs c", ContinuousClock.now < end {}
        #expect(try listed() == ["0 lvfs a", "0 lvfs d", "2 lvfs c"])
        #expect(try daemon.process.terminate() == .exit(0))
        let next = try site.start()
        try next.firstPass()
        #expect(try listed() == ["0 lvfs a", "0 lvfs d", "2 lvfs c"])
        // GetItems stays the stock daemon's: no key of ours.
        let items = try Command.succeed(
            [
                "gdbus", "call", "--system", "--dest", "org.freedesktop.Passim", "--object-path", "/",
                "--method",
                "org.freedesktop.Passim.GetItems",
            ], bus.setting())
        #expect(items.text.contains("'share-count': <uint32 2>") && !items.text.contains("drop-in"))
    }
}
