internal import PassimCore
internal import PassimCrypto
internal import PassimSystem
internal import PassimTestKit

/// Asks the neighbour's daemon as fwupd does, follows it to where it leads, and holds the bytes against the digest.
final class LookupClient: Sendable {
    private enum Wanted: Equatable {
        case steady, changing, nobodys, theirs
    }

    private let hosts: SoakHosts
    private let history: DigestHistory
    private let counts: Lock<SoakCounts>

    init(_ hosts: SoakHosts, _ history: DigestHistory, _ counts: Lock<SoakCounts>) {
        self.hosts = hosts
        self.history = history
        self.counts = counts
    }

    func start(seed: UInt64) throws -> LoopThread {
        try LoopThread("look-ups", at: hosts.onNeighbour, seed: seed, pause: 0..<100_000) { [self] random in
            try step(&random)
        }
    }

    private func step(_ random: inout SeededGenerator) throws {
        let wanted = random.pick(
            [.steady, .steady, .changing, .changing, .changing, .nobodys, .theirs] as [Wanted])
        let digest =
            switch wanted {
            case .steady: random.pick(hosts.steady).digest
            case .changing: history.pick(using: &random) ?? hosts.steady[0].digest
            case .nobodys: Digest(of: random.bytes(32))
            case .theirs: hosts.theirs.digest
            }
        try lookUp(digest, wanted)
    }

    private func lookUp(_ digest: Digest, _ wanted: Wanted) throws {
        let exchange = try HTTPExchange(to: hosts.onNeighbour.address, port: hosts.neighbour.port)
        let start = monotonicNanoseconds()
        let download = try Download(Download.target(digest), of: digest, over: exchange)
        let seconds = Double(monotonicNanoseconds() - start) / 1e9
        counts.withLock { counts in
            counts.lookups += 1
            counts.longestLookup = max(counts.longestLookup, seconds)
        }
        switch download {
        case .whole where wanted == .theirs: return
        case .other(let response) where response.status == 404 && wanted != .theirs:
            counts.withLock { counts in
                counts.nobody += 1
                if wanted == .steady { counts.missed += 1 }
            }
        case .other(let response) where response.status == 302 && wanted != .nobodys && wanted != .theirs:
            counts.withLock { $0.found += 1 }
            try follow(response["Location"] ?? "", digest, wanted)
        case .other(let response):
            throw TestFailure("the look-up of \(digest) (\(wanted)) was answered \(response.status)")
        case .whole, .cutOff:
            throw TestFailure("the look-up of \(digest) (\(wanted)) was answered \(download)")
        }
    }

    private func follow(_ place: String, _ digest: Digest, _ wanted: Wanted) throws {
        let mirror = "https://\(Lan.serverAddress):\(hosts.mirror.port)"
        guard place.hasPrefix(mirror + "/") else {
            throw TestFailure("the look-up of \(digest) led to “\(place)” instead of \(mirror)")
        }
        let exchange = try HTTPExchange(to: Lan.serverAddress, port: hosts.mirror.port)
        let target = String(place.dropFirst(mirror.utf8.count))
        let download = try Download(target, of: digest, over: exchange)
        try counts.withLock { counts in
            switch download {
            case .whole: counts.addDownloads(from: SoakHosts.neighbourAddress)
            // It has gone since.
            case .cutOff where wanted == .changing: counts.cutOff += 1
            case .other(let response) where wanted == .changing && response.status == 403: counts.unknown += 1
            default: throw TestFailure("\(digest) (\(wanted)) at \(place) came as \(download)")
            }
        }
    }
}
