internal import Glibc
internal import PassimCore
internal import PassimSystem
internal import PassimTestKit

/// Programs that publish files, withdraw them, and have them fetched until their limit or their age is reached.
final class Publisher: Sendable {
    private struct State {
        var items: [PublishedItem] = []
        var count = 0
    }

    private let hosts: SoakHosts
    private let disturbances: Disturbances
    private let counts: Lock<SoakCounts>
    private let state = Lock(State())
    private let client: StockBusClient
    private let stranger: StockBusClient

    /// More are not kept.
    private static let most = 40

    init(_ hosts: SoakHosts, _ disturbances: Disturbances, _ counts: Lock<SoakCounts>) throws {
        self.hosts = hosts
        self.disturbances = disturbances
        self.counts = counts
        client = try StockBusClient(hosts.bus)
        stranger = try StockBusClient(hosts.bus, user: DaemonSite.unprivileged)
    }

    func start(seed: UInt64) throws -> LoopThread {
        try LoopThread("publisher", at: hosts.politeClient, seed: seed, pause: 0..<1_000_000) {
            [self] random in
            try step(&random)
        }
    }

    /// What should be there now or may be. What is too old has gone.
    func items() -> [PublishedItem] {
        let now = monotonicNanoseconds()
        let aged = state.withLock { state in
            let count = state.items.count
            state.items.removeAll { $0.isThere(now: now) == false }
            return count - state.items.count
        }
        counts.withLock { $0.aged += aged }
        return state.withLock { $0.items }
    }

    private func step(_ random: inout SeededGenerator) throws {
        let withdrawable = items().filter { if case .withdrawal = $0.end { true } else { false } }
        if withdrawable.count > Publisher.most || random.chance(20), let item = withdrawable.first {
            return try withdraw(item)
        }
        if random.chance(10) { return try publishWhatIsRefused(&random) }
        let number = state.withLock { state in
            state.count += 1
            return state.count
        }
        var item = PublishedItem(number: number, &random)
        try hosts.site.tree.write("content", item.content)
        let isThere = try call(item.digest, expecting: true) {
            try client.ask(["publish", item.kind, "@" + hosts.site.tree.absolute("content"), item.attributes])
        }
        guard isThere else { return }
        item.published = monotonicNanoseconds()
        counts.withLock { $0.published += 1 }
        if case .downloads(let count) = item.end {
            if random.chance(40) { try useUpByParts(item, count) } else { try useUp(item, count) }
        } else {
            state.withLock { $0.items.append(item) }
        }
    }

    /// Every download is right, and there is none too many.
    private func useUp(_ item: PublishedItem, _ count: Int) throws {
        for number in 0...count {
            let download = try fetch(item)
            switch download {
            case .whole where number < count:
                counts.withLock { $0.addDownloads(from: SoakHosts.politeAddress) }
            case .other(let response) where number == count && response.status == 403: break
            default: throw TestFailure("download \(number + 1) of \(count) of \(item.name) was \(download)")
            }
        }
        counts.withLock { $0.usedUp += 1 }
    }

    /// The first byte, again and again, is no share, and all but the first byte is nearly one.
    private func useUpByParts(_ item: PublishedItem, _ count: Int) throws {
        let content = Array(item.sent)
        func fetch(_ range: Range<Int>) throws -> Int {
            let exchange = try HTTPExchange(to: hosts.politeClient.address, port: hosts.mirror.port)
            let response = try exchange.request(
                "GET", Download.target(item.digest),
                ["Range: bytes=\(range.lowerBound)-\(range.upperBound - 1)"])
            if response.status == 206 {
                guard response.body.elementsEqual(content[range]) else {
                    throw TestFailure("bytes \(range) of \(item.name) came as others")
                }
                counts.withLock { $0.ranges += 1 }
            }
            return response.status
        }
        // With these, the parts that follow are as many bytes as all downloads.
        for number in 0..<count + 5 {
            let status = try fetch(0..<1)
            guard status == 206 else {
                throw TestFailure(
                    "first byte \(number) of \(item.name), which has \(count) shares: \(status)")
            }
        }
        for number in 0...count {
            let status = try fetch(1..<content.count)
            guard status == (number < count ? 206 : 403) else {
                throw TestFailure("part \(number + 1) of \(count) of \(item.name) was answered \(status)")
            }
        }
        counts.withLock { counts in
            counts.shares[SoakHosts.politeAddress, default: 0] += count
            counts.usedUp += 1
        }
    }

    private func fetch(_ item: PublishedItem) throws -> Download {
        let exchange = try HTTPExchange(to: hosts.politeClient.address, port: hosts.mirror.port)
        return try Download(Download.target(item.digest), of: item.digest, over: exchange)
    }

    private func withdraw(_ item: PublishedItem) throws {
        let digest = item.digest
        let isThere = try call(digest, expecting: false) {
            try client.ask(["call", "org.freedesktop.Passim", "Unpublish", "('\(digest.hex)',)"])
        }
        if isThere { return }
        state.withLock { $0.items.removeAll { $0.digest == digest } }
        counts.withLock { $0.withdrawn += 1 }
        guard case .other(let response) = try fetch(item), response.status == 403 else {
            throw TestFailure("\(item.name) was withdrawn and is served")
        }
    }

    /// What is shared already, and what is not root's.
    private func publishWhatIsRefused(_ random: inout SeededGenerator) throws {
        let isStranger = random.chance(50)
        let item = PublishedItem(number: 0, &random)
        let known = items().first { $0.isThere() == true && $0.kind != "offset" }
        guard isStranger || known != nil else { return }
        try hosts.site.tree.write("content", isStranger ? item.content : known?.content ?? [])
        let before = disturbances.busChanges
        let program = isStranger ? stranger : client
        let answer = Result {
            try program.ask(["publish", "memfd", "@" + hosts.site.tree.absolute("content"), item.attributes])
        }
        let error = (try? answer.get())?.error ?? ""
        let code = isStranger ? 14 : 2
        if error.hasSuffix("g_2dio_2derror_2dquark.Code\(code)") {
            return counts.withLock { $0.refused += 1 }
        }
        guard isDisturbed(since: before), error != "" || (try? answer.get()) == nil else {
            throw TestFailure("what should be refused (Code\(code)) was answered \(answer)")
        }
    }

    // MARK: - A bus that goes away

    private func isDisturbed(since before: Int) -> Bool {
        let now = disturbances.busChanges
        return before % 2 == 1 || now != before
    }

    /// Calls what makes a digest be there or not. Where the bus went away meanwhile nobody knows whether it was
    /// heard: then the daemon is asked when it has come back.
    ///
    /// - Returns: whether the digest is there now.
    private func call(
        _ digest: Digest, expecting expected: Bool, _ body: () throws -> StockBusClient.Answer
    ) throws -> Bool {
        let before = disturbances.busChanges
        let answer = Result { try body() }
        if case .success(let answer) = answer, answer.error == nil { return expected }
        let end = monotonicNanoseconds() + 60_000_000_000
        // The daemon needs a moment to find a new bus.
        while monotonicNanoseconds() < end, isDisturbed(since: before) || isAway(answer) {
            guard disturbances.busChanges % 2 == 0, let rows = try? listing() else {
                usleep(100_000)
                continue
            }
            return rows.contains { $0.digest == digest }
        }
        throw TestFailure("a call for \(digest) failed: \(answer)")
    }

    /// Nobody has the name: the daemon does not have it again yet.
    private func isAway(_ answer: Result<StockBusClient.Answer, any Error>) -> Bool {
        guard let error = (try? answer.get())?.error else { return false }
        return error.hasSuffix(".ServiceUnknown") || error.hasSuffix(".NameHasNoOwner")
    }

    struct Row: Hashable {
        var digest: Digest
        var name: String
    }

    /// What GetItems gives.
    ///
    /// - Throws: where the daemon is not on the bus.
    func listing() throws -> [Row] {
        let answer = try client.ask(["items", "60"])
        if let error = answer.error { throw TestFailure("GetItems: \(error) \(answer.message)") }
        return try answer.lines.map { line in
            var fields: [Substring: Substring] = [:]
            for field in line.split(separator: "\t") {
                let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                if parts.count == 2 { fields[parts[0]] = parts[1] }
            }
            guard let name = fields["filename"], let digest = fields["hash"].flatMap({ Digest(hex: $0) })
            else {
                throw TestFailure("GetItems gave “\(line)”")
            }
            return Row(digest: digest, name: String(name))
        }
    }
}
