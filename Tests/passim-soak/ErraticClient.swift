internal import PassimCore
internal import PassimTestKit

/// Fetches in every way but the simplest: parts, conditions, downloads that it breaks off, and what is no request.
final class ErraticClient: Sendable {
    private enum Manner: CaseIterable {
        case part, halves, head, unchanged, breakOff, reset, halfARequest, noise
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
        try LoopThread("erratic client", at: hosts.erraticClient, seed: seed, pause: 0..<50_000) {
            [self] random in
            try step(&random)
        }
    }

    private func connect(receiveBuffer: Int? = nil) throws -> HTTPExchange {
        var options = TLSClient.Options()
        options.seconds = 60
        options.receiveBuffer = receiveBuffer
        return try HTTPExchange(to: hosts.erraticClient.address, port: hosts.mirror.port, options)
    }

    private func step(_ random: inout SeededGenerator) throws {
        switch random.pick(Manner.allCases) {
        case .part: try fetchPart(&random)
        case .halves: try fetchHalves(&random)
        case .head: try ask("HEAD", expecting: [200], &random)
        case .unchanged: try ask("GET", expecting: [304], &random)
        case .breakOff: try breakOff(&random, reset: false)
        case .reset: try breakOff(&random, reset: true)
        case .halfARequest:
            try connect().client.send("GET /x?sha256=\(hosts.steady[0].digest.hex) HTTP/1.1\r\nHo")
            counts.withLock { $0.bareConnections += 1 }
        case .noise:
            let client = try TLSClient(connectingTo: hosts.erraticClient.address, port: hosts.mirror.port)
            try client.sendRaw(random.bytes(Int.random(in: 1...2000, using: &random)))
            client.resetWhenDone()
            counts.withLock { $0.bareConnections += 1 }
        }
    }

    /// A part of what is there all the time is that part.
    private func fetchPart(_ random: inout SeededGenerator) throws {
        let file = random.pick(hosts.steady)
        let first = Int.random(in: 0..<file.content.count, using: &random)
        let last = Int.random(in: first..<file.content.count, using: &random)
        let response = try connect().request(
            "GET", Download.target(file.digest), ["Range: bytes=\(first)-\(last)"])
        guard response.status == 206, response.body == Array(file.content[first...last]) else {
            throw TestFailure(
                "bytes \(first)-\(last) of \(file.name) came as \(response.status), \(response.body.count) bytes"
            )
        }
        counts.withLock { count(&$0) }
    }

    /// Two halves of anything are the whole, where both came.
    private func fetchHalves(_ random: inout SeededGenerator) throws {
        guard let digest = history.pick(using: &random) else { return }
        let exchange = try connect()
        var whole: [UInt8] = []
        // Where the second one is asked for in a moment, the file may have another size: then it is another file.
        for range in ["bytes=0-999", "bytes=1000-"] {
            let headers = ["Range: \(range)", "If-Range: \"\(digest.hex)\""]
            try exchange.client.send(Download.request(Download.target(digest), headers))
            guard let response = try Download.response(from: exchange) else {
                return counts.withLock { counts in
                    counts.cutOff += 1
                    counts.possibleShares[SoakHosts.erraticAddress, default: 0] += 1
                }
            }
            switch response.status {
            case 206:
                whole += response.body
                counts.withLock { count(&$0) }
            // Nothing follows the first thousand bytes; or it is empty, and has no parts.
            case 416 where whole.count <= 1000: break
            case 200 where response.body.isEmpty && whole.isEmpty:
                counts.withLock { $0.addDownloads(from: SoakHosts.erraticAddress) }
                return
            case 403: return counts.withLock { $0.unknown += 1 }
            default: throw TestFailure("\(range) of \(digest) was answered \(response.status)")
            }
        }
        guard Digest(of: whole) == digest else {
            throw TestFailure("\(digest) came in two parts as \(whole.count) bytes of \(Digest(of: whole))")
        }
    }

    /// A part may complete a share, with those before it.
    private func count(_ counts: inout SoakCounts) {
        counts.ranges += 1
        counts.possibleShares[SoakHosts.erraticAddress, default: 0] += 1
    }

    private func ask(_ method: String, expecting expected: Set<Int>, _ random: inout SeededGenerator) throws {
        let file = random.pick(hosts.steady)
        let condition = method == "GET" ? ["If-None-Match: \"\(file.digest.hex)\""] : []
        let exchange = try connect()
        let target = Download.target(file.digest)
        let lines = ["\(method) \(target) HTTP/1.1", "Host: mirror.local"] + condition
        let response = try exchange.request(lines.map { $0 + "\r\n" }.joined() + "\r\n")
        guard expected.contains(response.status) else {
            throw TestFailure("\(method) of \(file.name) was answered \(response.status)")
        }
    }

    /// Takes some of the largest file, slowly, and leaves.
    private func breakOff(_ random: inout SeededGenerator, reset: Bool) throws {
        guard let file = hosts.steady.last else { return }
        let exchange = try connect(receiveBuffer: 16 << 10)
        try exchange.client.send(Download.request(Download.target(file.digest), []))
        let head = try exchange.head()
        guard head.status == 200 else { throw TestFailure("\(file.name) was answered \(head.status)") }
        let count = Int.random(in: 0..<file.content.count / 2, using: &random)
        var body: [UInt8] = []
        try exchange.readBody(count) { body.append(contentsOf: $0) }
        guard body.elementsEqual(file.content.prefix(count)) else {
            throw TestFailure("the first \(count) bytes of \(file.name) are wrong")
        }
        if reset { exchange.client.resetWhenDone() }
        counts.withLock { counts in
            counts.brokenOff += 1
            // What the sockets take of it may have been all.
            counts.possibleShares[SoakHosts.erraticAddress, default: 0] += 1
        }
    }
}
