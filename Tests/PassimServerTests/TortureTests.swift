import PassimCore
import PassimCrypto
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimServer

/// Clients that do anything, at the same time; every byte that comes is compared.
@Suite struct TortureTests {
    @Test func everyByteIsRightWhateverTheOthersDo() async throws {
        var random = SeededGenerator()
        let seeds = (0..<6).map { _ in random.next() }
        try await withServer({ $0.reactors = 3 }) { test in
            let files = try [0, 1, 4096, 16_384, 16_385, 300_000, 1_500_000].enumerated().map {
                number, size in
                let bytes = random.bytes(size)
                return TortureClient.File(digest: try test.add("file\(number)", bytes), bytes: bytes)
            }
            let failures = Lock<[String]>([])
            let threads = try seeds.map { seed in
                try SystemThread(name: "torture") {
                    var client = TortureClient(test: test, files: files, seed: seed)
                    do {
                        for _ in 0..<60 { try client.operate() }
                    } catch {
                        failures.withLock { $0.append("seed \(seed): \(error)") }
                    }
                }
            }
            for thread in threads { thread.join() }
            #expect(failures.withLock { $0 } == [], "\(random)")
            #expect(eventually { test.server.connectionCount == 0 })
            #expect(test.stale.paths == [])
            #expect(eventually { test.openDescriptors == 0 })
        }
    }
}

/// One client's random life.
struct TortureClient {
    struct File {
        var digest: Digest
        var bytes: [UInt8]
    }

    let test: TestServer
    let files: [File]
    var random: SeededGenerator
    private var client: HTTPClient?

    init(test: TestServer, files: [File], seed: UInt64) {
        self.test = test
        self.files = files
        random = SeededGenerator(seed: seed)
    }

    private struct Wanted {
        var request: String
        var status: Int
        var body: ArraySlice<UInt8>
        var isHead = false
    }

    mutating func operate() throws {
        let client =
            try self.client
            ?? test.client { options in
                if Bool.random(using: &random) { options.receiveBuffer = 8192 }
                if Bool.random(using: &random) { options.maximum = .tls12 }
            }
        self.client = client
        let wanted = (0..<Int.random(in: 1...8, using: &random)).map { _ in want() }
        try send(wanted.map(\.request).joined(), client)
        let abort =
            Int.random(in: 0..<6, using: &random) == 0
            ? Int.random(in: 0..<wanted.count, using: &random) : nil
        for (number, one) in wanted.enumerated() {
            if number == abort { return try leave(client, one) }
            let answer = try client.answer(isHead: one.isHead)
            guard answer.status == one.status else {
                throw Wrong.status(answer.status, expected: one.status, one.request)
            }
            if one.status < 400, answer.body != Array(one.body) { throw Wrong.body(one.request) }
        }
        if Int.random(in: 0..<4, using: &random) == 0 { self.client = nil }
    }

    private mutating func want() -> Wanted {
        let file = files.randomElement(using: &random)!
        let all = file.bytes[...]
        switch Int.random(in: 0..<10, using: &random) {
        case 0:
            return Wanted(request: HTTPClient.request(Digest(of: "nobody's")), status: 404, body: [])
        case 1:
            return Wanted(
                request: HTTPClient.request(file.digest, method: "HEAD"), status: 200, body: [], isHead: true)
        case 2:
            return Wanted(
                request: HTTPClient.request(file.digest, "If-None-Match: *\r\n"), status: 304, body: [])
        case 3...5 where !all.isEmpty:
            let first = Int.random(in: 0..<all.count, using: &random)
            let last = Int.random(in: first..<all.count, using: &random)
            return Wanted(
                request: HTTPClient.request(file.digest, "Range: bytes=\(first)-\(last)\r\n"), status: 206,
                body: all[first...last])
        default:
            return Wanted(request: HTTPClient.request(file.digest), status: 200, body: all)
        }
    }

    private mutating func send(_ text: String, _ client: HTTPClient) throws {
        guard Int.random(in: 0..<3, using: &random) == 0 else { return try client.tls.send(text) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let part = rest.prefix(Int.random(in: 1...200, using: &random))
            rest = rest.dropFirst(part.count)
            try client.tls.send(Array(part))
        }
    }

    /// Goes away in the middle of an answer, in one way or another.
    private mutating func leave(_ client: HTTPClient, _ wanted: Wanted) throws {
        if Bool.random(using: &random), !wanted.isHead {
            _ = try client.head()
            _ = try client.bytes(
                wanted.status < 400 ? Int.random(in: 0...wanted.body.count, using: &random) : 0)
        }
        switch Int.random(in: 0..<3, using: &random) {
        case 0: client.tls.resetWhenDone()
        case 1: client.tls.close()
        default: break
        }
        self.client = nil
    }

    enum Wrong: Error {
        case status(Int, expected: Int, String)
        case body(String)
    }
}
