internal import PassimSystem
internal import PassimTestKit

/// How long people wait who ask a daemon what it has: over the bus, by the command, and in a browser.
struct MillionQuestions {
    let daemon: DaemonProcess
    let bus: SystemBus
    let client: StockBusClient
    let rounds: Int

    func measure(_ add: (_ what: String, _ unit: String, _ value: Double, _ limit: Double?) -> Void) throws {
        let listings = try (0..<rounds).map { _ in try listing() }
        add("GetItems, as a stock client waits", "s", median(listings.map(\.seconds)), 1.5)
        add("GetItems, items", "", listings[0].items, nil)
        add("GetItems, daemon's CPU", "s", median(listings.map(\.processorSeconds)), nil)
        let passim = try Products.path(of: "passim")
        let commands: [(String, [String])] = [
            ("passim list --limit 100", ["list", "--limit", "100"]),
            ("passim list, to its first line", []),
            ("passim list, a search for one", ["list", "fw-000000000099"]),
            ("passim mirror list", ["mirror", "list"]), ("passim status", ["status"]),
        ]
        var setting = bus.setting()
        setting.environment["SYSCONFDIR"] = daemon.site.tree.absolute("etc")
        for (what, arguments) in commands {
            let command =
                switch arguments {
                case []: ["sh", "-c", "\(passim) list | head -n 1"]
                // 2: without Avahi, which has nothing to do with it.
                case ["status"]: ["sh", "-c", "\(passim) status || test $? -eq 2"]
                default: [passim] + arguments
                }
            add(what, "ms", try milliseconds { try Command.succeed(command, setting) }, nil)
        }
        let connection = try daemon.connect()
        let pages = [
            ("page, the first", "/"), ("page, a search for some", "/?q=00012"),
            ("page, a search for all", "/?q=fw-"), ("page, by name", "/?sort=name"),
            ("page, the hundredth", "/?page=100"), ("metrics", "/metrics"), ("health", "/healthz"),
        ]
        for (what, target) in pages {
            let time = try milliseconds {
                let response = try connection.request("GET", target)
                guard response.status == 200 else { throw TestFailure("\(target): \(response.status)") }
            }
            add(what, "ms", time, 1000)
        }
    }

    private func milliseconds(_ body: () throws -> Void) throws -> Double {
        try median(
            (0..<rounds).map { _ in
                let start = monotonicNanoseconds()
                try body()
                return Double(monotonicNanoseconds() - start) / 1e6
            })
    }

    /// All items, in a real client of GLib, until it has them unmarshalled.
    private func listing() throws -> (items: Double, seconds: Double, processorSeconds: Double) {
        let counters = try ProcessCounters(root: daemon.process.identifier)
        let busy = counters.processorTime
        let answer = try client.ask(["count", "60"], seconds: 120)
        let words = (answer.lines.first ?? "").split(separator: " ").compactMap { Double($0) }
        guard words.count == 3 else { throw TestFailure("GetItems: \(answer.message) \(answer.lines)") }
        return (words[0], words[1], Double(counters.processorTime - busy) / 1e9)
    }
}
