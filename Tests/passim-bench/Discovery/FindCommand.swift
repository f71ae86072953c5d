internal import ArgumentParser
internal import Glibc
internal import Logging
internal import PassimCore
internal import PassimDiscovery
internal import PassimSystem
internal import PassimTestKit

/// `passim-bench discovery find`: a browser alone, for tests and benchmarks to run on a host of a LAN. Prints a line
/// for each number: `NUMBER first MILLISECONDS last MILLISECONDS ADDRESS:PORT …`.
struct FindCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "find", abstract: "Finds peers with digests.", shouldDisplay: false)

    @Argument(help: "The digests of these numbers.")
    var numbers: [Int]

    @Flag(help: "Over IPv6, too.")
    var ipv6 = false

    @Flag(help: "All at once instead of one after another.")
    var together = false

    @Flag(help: "Only the first answer of each, as a lookup does.")
    var first = false

    func run() throws {
        var logger = Logger(label: "find") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .debug
        let browser = try PeerBrowser(ipv6: ipv6, logger: logger)
        try browser.start()
        defer { browser.stop() }
        let (numbers, together, first) = (numbers, together, first)
        let isDone = Monitor(false)
        Task {
            if together {
                await withTaskGroup { group in
                    for number in numbers { group.addTask { await ask(number, browser, first) } }
                }
            } else {
                for number in numbers { await ask(number, browser, first) }
            }
            isDone.withLock { $0 = true }
        }
        guard isDone.wait(seconds: 600, until: { $0 ? true : nil }) != nil else {
            throw TestFailure("looking for peers did not end")
        }
    }
}

private func ask(_ number: Int, _ browser: PeerBrowser, _ first: Bool) async {
    let start = monotonicNanoseconds()
    var firstAnswer: UInt64?
    var peers: [String] = []
    for await peer in browser.peers(with: Digest(numbered: number)) {
        firstAnswer = firstAnswer ?? monotonicNanoseconds()
        let scope = peer.address.scope == 0 ? "" : "%\(peer.address.scope)"
        peers.append("\(peer.address)\(scope):\(peer.port)")
        if first { break }
    }
    func milliseconds(_ time: UInt64?) -> String { time.map { "\(($0 - start) / 1_000_000)" } ?? "-" }
    let times = "first \(milliseconds(firstAnswer)) last \(milliseconds(monotonicNanoseconds()))"
    print("\(number) \(times) \(peers.sorted().joined(separator: " "))")
}
