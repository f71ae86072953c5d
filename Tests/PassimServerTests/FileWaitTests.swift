import Glibc
import PassimCore
import PassimCrypto
import PassimHTTP
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimServer

private let tmpfs: String? = {
    let isThere =
        (try? Command.run(["sh", "-c", "test \"$(stat -f -c %T /dev/shm)\" = tmpfs -a -w /dev/shm"]))
    return isThere?.succeeded == true ? "/dev/shm" : nil
}()

/// Files that threads open and read: of tmpfs nobody can tell what is in memory (preadv2(2) says EOPNOTSUPP).
@Suite(.enabled(if: tmpfs != nil, "needs a tmpfs")) struct FileWaitTests {
    private func content(_ size: Int) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    }

    @Test func wholeFilesPartsAndConditionsAreAnsweredFromThreads() async throws {
        let content = content(1_000_000)
        try await withServer(in: tmpfs) { test in
            let digest = try test.add("a", content)
            let empty = try test.add("empty", [])
            let client = try test.client()
            for _ in 0..<3 {
                try client.get(digest)
                #expect(try client.answer().body == content)
                try client.get(digest, "Range: bytes=70000-900000\r\n")
                let part = try client.answer()
                #expect(part.status == 206 && part.body == Array(content[70000...900_000]))
                try client.get(digest, "Range: bytes=2000000-\r\n")
                #expect(try client.answer().status == 416)
                try client.get(digest, "If-None-Match: *\r\n")
                #expect(try client.answer().status == 304)
                try client.tls.send(HTTPClient.request(digest, method: "HEAD"))
                #expect(try client.answer(isHead: true).fields["content-length"] == "1000000")
                try client.get(empty)
                #expect(try client.answer().status == 200)
            }
            #expect(test.server.counts.fileWaits > 10)
            #expect(test.server.counts.fileWaitsGivenUp == 0)
            #expect(eventually { test.shares.completed.count == 9 })
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        try await withServer(in: tmpfs) { test in
            let digests = try (0..<20).map { try test.add("\($0)", content($0 * 10_000)) }
            let client = try test.client()
            try client.tls.send(digests.map { HTTPClient.request($0) }.joined())
            for number in 0..<20 { #expect(try client.answer().body == content(number * 10_000)) }
        }
    }

    @Test func rateLimitHolds() async throws {
        try await withServer(maxRate: 1 << 20, in: tmpfs) { test in
            let content = content(1 << 20)
            let digest = try test.add("a", content)
            let begin = monotonicNanoseconds()
            #expect(try test.fetch(digest).body == content)
            #expect(monotonicNanoseconds() - begin > 700_000_000)
        }
    }

    @Test func fileThatChangesIsUnknownAndADownloadOfItIsCut() async throws {
        try await withServer(in: tmpfs) { test in
            let content = content(16 << 20)
            let digest = try test.add("victim", content)
            let client = try test.client { $0.receiveBuffer = 8192 }
            try client.get(digest)
            #expect(try client.head().status == 200)
            #expect(try client.bytes(100_000) == Array(content[..<100_000]))
            try test.tree.overwrite("victim", at: 15 << 20, [9])
            let rest = try client.rest()
            #expect(!rest.orderly && rest.bytes.count < content.count - 100_000)
            #expect(rest.bytes == Array(content[100_000..<100_000 + rest.bytes.count]))
            #expect(try test.fetch(digest).status == 404)
            #expect(test.stale.paths == ["victim"])
        }
    }

    @Test func anotherFileOfTheSameDigestIsSentInstead() async throws {
        try await withServer(in: tmpfs) { test in
            let digest = try test.add("one", [1, 2, 3])
            try test.add("two", [1, 2, 3])
            try test.tree.remove("one")
            #expect(try test.fetch(digest).body == [1, 2, 3])
            try test.tree.remove("two")
            #expect(try test.fetch(digest).status == 404)
        }
    }

    @Test func clientThatGoesWhileItWaitsLeavesNothing() async throws {
        try await withServer(in: tmpfs) { test in
            let digest = try test.add("a", content(4 << 20))
            for _ in 0..<50 {
                let client = try test.client()
                try client.get(digest)
            }
            #expect(eventually { test.server.connectionCount == 0 })
            #expect(eventually { test.openDescriptors == 0 })
            #expect(test.shares.running == 0)
        }
    }
}
