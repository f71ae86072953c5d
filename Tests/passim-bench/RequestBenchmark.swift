internal import PassimTestKit

/// CPU time of small requests on connections that stay.
///
/// So many connections that there is always a request waiting: a server that sleeps between requests is
/// measured for its waking up.
enum RequestBenchmark {
    private static let connections = 64

    static func measure(_ contest: Contest) throws -> [Report.Row] {
        let seconds = contest.size.requestSeconds
        let row = try contest.alternate(
            "4 KiB keep-alive request", "µs CPU", target: .ratioAtMost(0.60),
            note: "wrk, \(connections) connections on 2 threads, \(seconds) s a round"
        ) { peer in
            var requests = 0.0
            let time = try peer.counters.processorTime {
                requests = try wrk(peer.url(contest.tree.small), seconds: seconds)
            }
            return time / 1000 / requests
        }
        return [row]
    }

    /// - Returns: requests answered with 200.
    private static func wrk(_ url: String, seconds: Int) throws -> Double {
        let outcome = try Command.succeed(
            ["wrk", "-t2", "-c\(connections)", "-d\(seconds)s", url], seconds: Double(seconds) + 30)
        let lines = outcome.text.split(separator: "\n")
        guard !lines.contains(where: { $0.contains("Non-2xx") || $0.contains("Socket errors") }),
            let line = lines.first(where: { $0.contains(" requests in ") }),
            let count = line.split(separator: " ").first.flatMap({ Double($0) }), count > 0
        else { throw TestFailure("wrk \(url): \(outcome.text)") }
        return count
    }
}
