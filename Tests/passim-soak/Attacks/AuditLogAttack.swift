internal import PassimCore
internal import PassimCrypto
internal import PassimSystem
internal import PassimTestKit

/// One byte, fetched thousands of times: each is a share, and the log tells of many of them in one line.
struct AuditLogAttack: Attack {
    let name = "repeats for the audit log"
    private let hosts: SoakHosts
    private let counts: Lock<SoakCounts>

    init(_ hosts: SoakHosts, _ counts: Lock<SoakCounts>) {
        self.hosts = hosts
        self.counts = counts
    }

    func perform(_ random: inout SeededGenerator) throws {
        let file = hosts.steady[0]
        let request = Download.request(Download.target(file.digest), [])
        let exchange = try HTTPExchange(to: hosts.attacker.address, port: hosts.mirror.port)
        let before = try lines()
        let start = monotonicNanoseconds()
        let end = start + UInt64.random(in: 1...3, using: &random) * 1_000_000_000
        var count = 0
        while monotonicNanoseconds() < end {
            try exchange.client.send(String(repeating: request, count: 100))
            for _ in 0..<100 {
                let response = try exchange.response(seconds: 60)
                guard response.status == 200, response.body == file.content else {
                    throw TestFailure("repeat \(count) was answered \(response.status)")
                }
                count += 1
                counts.withLock { $0.addDownloads(from: SoakHosts.attackerAddress) }
            }
        }
        let seconds = Double(monotonicNanoseconds() - start) / 1e9
        let more = try lines() - before
        // Ten a second have a line each, and those of a minute one more.
        guard Double(more) <= 10 * (seconds + 2) + 4 else {
            throw TestFailure("\(count) repeats in \(seconds) s are \(more) lines of the audit log")
        }
    }

    /// Lines about this host in the log and the old ones, whatever number of downloads they stand for.
    private func lines() throws -> Int {
        let path = hosts.site.tree.absolute("var/log/passim/audit.log")
        let script = "cat \"$0\"* 2>/dev/null | grep -c \"ipaddr=$1\\\\b\" || true"
        let outcome = try Command.succeed(["sh", "-c", script, path, SoakHosts.attackerAddress])
        guard let count = Int(outcome.text.split(separator: "\n").first ?? "") else {
            throw TestFailure("grep said “\(outcome.text)”")
        }
        return count
    }
}
