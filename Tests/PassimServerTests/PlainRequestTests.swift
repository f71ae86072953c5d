import PassimCrypto
import PassimHTTP
import PassimTestKit
import Testing

@testable import PassimServer

/// http:// on the port of https://.
@Suite struct PlainRequestTests {
    private func ask(_ test: TestServer, _ text: String, pieces: Int = 1) throws -> String {
        let client = try test.rawClient()
        let bytes = Array(text.utf8)
        let size = (bytes.count + pieces - 1) / pieces
        for start in stride(from: 0, to: bytes.count, by: size) {
            try client.sendRaw(Array(bytes[start..<min(bytes.count, start + size)]))
        }
        return String(decoding: try client.receiveUntilClosedRaw(), as: UTF8.self)
    }

    @Test(arguments: [1, 2, 7])
    func plainRequestIsToldTheURLThatItMeant(pieces: Int) async throws {
        try await withServer { test in
            let answer = try ask(
                test, "GET /a%20b?sha256=00&x HTTP/1.1\r\nHost: mirror.example:27500\r\n\r\n", pieces: pieces)
            #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"), "\(answer)")
            #expect(answer.contains("\r\nConnection: close\r\n"))
            #expect(answer.contains("https://mirror.example:27500/a%20b?sha256=00&amp;x"))
            #expect(test.server.counts.responses[.badRequest] == 1)
        }
    }

    @Test(arguments: [
        "GET / HTTP/1.0\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
    ])
    func plainRequestWithoutAHostIsToldWhatToDo(text: String) async throws {
        try await withServer { test in
            let answer = try ask(test, text)
            #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"), "\(answer)")
            #expect(answer.contains("https://"))
        }
    }

    @Test func headInPlainHasNoBody() async throws {
        try await withServer { test in
            let answer = try ask(test, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func hostThatIsMarkupIsEscaped() async throws {
        try await withServer { test in
            let answer = try ask(test, "GET /<script>' HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 400"))
            #expect(!answer.contains("<script>"))
        }
    }
}
