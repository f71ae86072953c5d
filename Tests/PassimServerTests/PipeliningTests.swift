import PassimCore
import PassimCrypto
import PassimTestKit
import Testing

@testable import PassimServer

@Suite struct PipeliningTests {
    @Test func thousandRequestsInOneWriteAreAnsweredInOrder() async throws {
        try await withServer { test in
            var random = SeededGenerator(seed: 1)
            let files = try (0..<10).map { number in
                let bytes = random.bytes(100 + number * 37)
                return (digest: try test.add("file\(number)", bytes), bytes: bytes)
            }
            let client = try test.client()
            try client.tls.send((0..<1000).map { HTTPClient.request(files[$0 % 10].digest) }.joined())
            for number in 0..<1000 {
                let answer = try client.answer()
                #expect(answer.status == 200)
                #expect(answer.body == files[number % 10].bytes)
            }
        }
    }

    /// Small answers from memory use a turn up to any last byte of it.
    @Test(arguments: 0..<8)
    func errorsInOneWriteAreAnsweredInOrder(seed: UInt64) async throws {
        try await withServer { test in
            var random = SeededGenerator(seed: seed)
            let known = try test.add("known", random.bytes(Int.random(in: 0..<700, using: &random)))
            let kinds: [(request: String, status: Int)] = [
                (HTTPClient.request(Digest(of: "nobody's")), 404),
                ("GET /a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
                ("GET /a?sha256=1 HTTP/1.1\r\nHost: a\r\n\r\n", 406),
                ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 200),
                ("DELETE /a HTTP/1.1\r\nHost: a\r\n\r\n", 405),
                (HTTPClient.request(known), 200),
            ]
            let sequence = (0..<2000).map { _ in kinds.randomElement(using: &random)! }
            let client = try test.client()
            try client.tls.send(sequence.map(\.request).joined())
            for (number, expected) in sequence.enumerated() {
                let answer = try client.answer()
                #expect(answer.status == expected.status, "request \(number), seed \(seed)")
            }
        }
    }

    @Test func requestsThatArriveByteByByteAreAnswered() async throws {
        try await withServer { test in
            let digest = try test.add("a", [1, 2, 3])
            let client = try test.client()
            for byte in (HTTPClient.request(digest) + HTTPClient.request(digest, method: "HEAD")).utf8 {
                try client.tls.send([byte])
            }
            #expect(try client.answer().body == [1, 2, 3])
            #expect(try client.answer(isHead: true).fields["content-length"] == "3")
        }
    }

    @Test func requestsSplitAnywhereAreAnswered() async throws {
        try await withServer { test in
            var random = SeededGenerator(seed: 7)
            let digest = try test.add("a", [1, 2, 3])
            let client = try test.client()
            var rest = Array(
                (0..<200).map { _ in
                    HTTPClient.request(
                        digest,
                        "X: \(String(repeating: "y", count: .random(in: 0..<400, using: &random)))\r\n")
                }.joined().utf8)[...]
            while !rest.isEmpty {
                let part = rest.prefix(Int.random(in: 1..<2000, using: &random))
                rest = rest.dropFirst(part.count)
                try client.tls.send(Array(part))
            }
            for _ in 0..<200 { #expect(try client.answer().body == [1, 2, 3]) }
        }
    }

    /// A connection gives way after each batch, and goes on where it stopped.
    @Test func largeFilesInOneWriteAreSentWhole() async throws {
        try await withServer { test in
            var random = SeededGenerator(seed: 3)
            let files = try [900_000, 262_144, 16_384, 1, 0, 700_001].enumerated().map { number, size in
                let bytes = random.bytes(size)
                return (digest: try test.add("file\(number)", bytes), bytes: bytes)
            }
            let client = try test.client()
            try client.tls.send((files + files).map { HTTPClient.request($0.digest) }.joined())
            for file in files + files { #expect(try client.answer().body == file.bytes) }
        }
    }

    /// The client reads nothing until everything is sent: its answers wait, and cost no more than a turn.
    @Test func requestsThatNobodyReadsTheAnswersOfWait() async throws {
        try await withServer { test in
            let digest = try test.addSparse("large", size: 3 << 20)
            let client = try test.client { $0.receiveBuffer = 8192 }
            try client.tls.send((0..<20).map { _ in HTTPClient.request(digest) }.joined())
            let other = try test.fetch(try test.add("small", [7]))
            #expect(other.body == [7])
            for _ in 0..<20 { #expect(try client.answer().body.count == 3 << 20) }
        }
    }
}
