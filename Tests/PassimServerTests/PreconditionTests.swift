import PassimCore
import PassimCrypto
import PassimHTTP
import PassimTestKit
import Testing

@testable import PassimServer

/// Conditions of requests, and the times that they are compared with (RFC 9110, 8.8.2 and 13).
@Suite struct PreconditionTests {
    @Test func requestWhoseConditionFailsIsAnswered412() async throws {
        try await withServer { test in
            let digest = try test.add("a", Array("0123456789".utf8))
            let client = try test.client()
            func status(_ fields: String, method: String = "GET") throws -> Int {
                try client.tls.send(HTTPClient.request(digest, fields, method: method))
                let answer = try client.answer(isHead: method == "HEAD")
                if answer.status == 412, method == "GET" { #expect(!answer.body.isEmpty) }
                return answer.status
            }
            let ours = "\"\(digest.hex)\""
            #expect(try status("If-Match: \(ours)\r\n") == 200)
            #expect(try status("If-Match: *\r\n") == 200)
            #expect(try status("If-Match: \"x\"\r\n") == 412)
            #expect(try status("If-Match: \"x\"\r\n", method: "HEAD") == 412)
            #expect(try status("If-Match: W/\(ours)\r\n") == 412)
            #expect(try status("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n") == 412)
            #expect(try status("If-Match: \"x\"\r\nIf-None-Match: \(ours)\r\nRange: bytes=0-1\r\n") == 412)
            #expect(try status("If-Match: \(ours)\r\nIf-None-Match: \(ours)\r\n") == 304)
            #expect(try status("If-Match: \(ours)\r\nRange: bytes=0-1\r\n") == 206)
        }
    }

    @Test func lastModifiedIsNeverLaterThanDate() async throws {
        try await withServer { test in
            try test.tree.write("future", [1, 2, 3])
            try test.tree.setModified("future", Timestamp(seconds: 4_000_000_000, nanoseconds: 0))
            let digest = Digest(of: [1, 2, 3])
            try test.know("future", as: digest)
            for _ in 0..<2 {
                let answer = try test.fetch(digest)
                #expect(answer.status == 200)
                #expect(answer.fields["last-modified"] == answer.fields["date"])
            }
            // What was changed a moment ago, too.
            let now = try test.add("now", [4])
            let answer = try test.fetch(now)
            let date = try #require(answer.fields["date"].flatMap { seconds($0) })
            let modified = try #require(answer.fields["last-modified"].flatMap { seconds($0) })
            #expect(modified <= date)
        }
    }

    private func seconds(_ text: String) -> Int64? {
        Array(text.utf8).withUnsafeBytes { HTTPDate(parsing: $0)?.seconds }
    }
}
