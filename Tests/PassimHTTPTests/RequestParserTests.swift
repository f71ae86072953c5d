import PassimCore
import PassimTestKit
import Testing

@testable import PassimHTTP

struct RequestParserTests {
    @Test func ordinaryRequestIsRead() {
        let text =
            "GET /a/b%20c.cab?sha256=00&x HTTP/1.1\r\nHost: localhost:27500\r\nRange:  bytes=0-1 \r\n"
            + "If-Range: \"a\"\r\nIf-None-Match: \"b\"\r\nIf-Modified-Since: then\r\nAccept: */*\r\n\r\n"
        let expected = HeadView(
            method: .get, target: "/a/b%20c.cab?sha256=00&x", path: "/a/b%20c.cab", query: "sha256=00&x",
            isHTTP11: true, keepAlive: true, host: "localhost:27500", range: "bytes=0-1", ifRange: "\"a\"",
            ifNoneMatch: "\"b\"", ifModifiedSince: "then", length: text.utf8.count)
        #expect(parse(text + "GET /next") == .request(expected))
    }

    @Test func nothingIsIncomplete() {
        #expect(parse("") == .incomplete)
    }

    @Test func pipelinedRequestsAreReadOneAfterAnother() {
        let one = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
        let two = "HEAD /2 HTTP/1.0\r\n\r\n"
        var parser = RequestParser()
        withRaw(one + two) { bytes in
            guard case .request(let first) = parser.parse(bytes) else {
                Issue.record("the first is not read")
                return
            }
            #expect(first.length == one.utf8.count)
            let rest = UnsafeRawBufferPointer(rebasing: bytes[first.length...])
            guard case .request(let second) = parser.parse(rest) else {
                Issue.record("the second is not read")
                return
            }
            #expect(second.method == .head)
            #expect(HeadView(second, in: rest).path == "/2")
        }
    }

    @Test func resetForgetsWhatWasBegun() {
        var parser = RequestParser()
        withRaw("GET /long HTTP/1.1\r\nHost: a\r\nX") { _ = parser.parse($0) }
        parser.reset()
        withRaw("GET / HTTP/1.0\r\n\r\n") { bytes in
            #expect(see(parser.parse(bytes), in: bytes) == parse("GET / HTTP/1.0\r\n\r\n"))
        }
    }

    @Test func headOfExactlyTheLimitIsReadAndOneByteMoreIsRefused() {
        let start = "GET / HTTP/1.1\r\nHost: a\r\nX: "
        func head(_ length: Int) -> String {
            start + String(repeating: "x", count: length - start.utf8.count - 4) + "\r\n\r\n"
        }
        #expect(parsedHead(head(RequestLimits.head))?.length == RequestLimits.head)
        #expect(parse(head(RequestLimits.head + 1)) == refused(.headTooLarge))
        #expect(parse(head(RequestLimits.head + 1).utf8.prefix(RequestLimits.head)) == refused(.headTooLarge))
        #expect(parse(head(RequestLimits.head + 9).utf8.prefix(RequestLimits.head - 1)) == .incomplete)
    }

    @Test func endlessMethodIsRefused() {
        #expect(parse(String(repeating: "A", count: 20000)) == refused(.headTooLarge))
    }

    @Test func wrongByteIsRefusedBeforeTheHeadIsComplete() {
        #expect(parse("\u{16}") == refused(.controlCharacter))
        #expect(parse("{") == refused(.method))
        #expect(parse("GET / HTTP/2") == refused(.unsupportedVersion))
        #expect(parse("GET / HTTP/1.1\r\n ") == refused(.leadingWhitespace))
        #expect(parse("GET / HTTP/1.1\r\nX: \0") == refused(.nul))
    }

    // The shapes by which two parties are made to disagree on where a request ends.
    @Test(arguments: [
        ("Content-Length: 5\r\nContent-Length: 5", Rejection.severalContentLengths),
        ("Content-Length: 5\r\nContent-Length: 6", .severalContentLengths),
        ("Content-Length: 5, 5", .contentLength),
        ("Content-Length: +5", .contentLength),
        ("Content-Length: -0", .contentLength),
        ("Content-Length: 0x5", .contentLength),
        ("Content-Length: 5 5", .contentLength),
        ("Content-Length:", .contentLength),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked", .bothFramings),
        ("Transfer-Encoding: chunked\r\nContent-Length: 0", .bothFramings),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", .chunkedNotLast),
        ("Transfer-Encoding: chunked, identity", .chunkedNotLast),
        ("Transfer-Encoding: chunked, chunked", .chunkedNotLast),
        ("Transfer-Encoding: chunked;x=y", .transferEncoding),
        ("Transfer-Encoding:", .transferEncoding),
        ("Transfer-Encoding: ,", .transferEncoding),
        ("Transfer-Encoding: \"chunked\"", .transferEncoding),
        ("Transfer-Encoding: xchunked", .unknownTransferCoding),
        ("Transfer-Encoding: gzip, chunked", .unknownTransferCoding),
        ("Transfer-Encoding: identity", .unknownTransferCoding),
        ("Transfer-Encoding : chunked", .whitespaceBeforeColon),
        ("Transfer-Encoding\t: chunked", .whitespaceBeforeColon),
        ("Transfer-Encoding: chu\r\n nked", .unknownTransferCoding),
        ("X: y\r\n Content-Length: 5", .leadingWhitespace),
        ("X: y\r\n\tz", .leadingWhitespace),
        ("X: y\nContent-Length: 5", .bareLineFeed),
        ("X: y\rContent-Length: 5", .bareCarriageReturn),
        ("X: y\r\r\nContent-Length: 5", .bareCarriageReturn),
        ("X: y\u{0}z", .nul),
        ("X\u{0}: y", .nul),
        ("X: \u{B}", .controlCharacter),
        ("X: \u{7F}", .controlCharacter),
        ("\u{1B}X: y", .controlCharacter),
    ])
    func smugglingShapeIsRefused(fields: String, rejection: Rejection) {
        #expect(parse("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n") == refused(rejection))
    }

    @Test func outcomeIsThatOfTheSecondImplementation() {
        var random = SeededGenerator(seed: 0x2026_0001)
        var accepted = 0
        for round in 0..<15000 {
            let head = RandomHead.mutate(RandomHead.make(&random), &random) + Array("\r\n\r\n\r\n".utf8)
            switch (parse(head), ReferenceParser.parse(head)) {
            case (.request(let one), .request(let other)):
                accepted += 1
                #expect(one == other, "round \(round): \(latin1(head).debugDescription)")
            case (.rejected(let status, _), .faults(let faults)):
                #expect(faults.contains(status), "round \(round): \(latin1(head).debugDescription)")
            case (let one, let other):
                Issue.record("round \(round): \(latin1(head).debugDescription): \(one), not \(other)")
            }
        }
        // Else the generator has gone astray.
        #expect(accepted > 1500)
    }

    @Test func splittingNeverChangesTheOutcome() {
        var random = SeededGenerator(seed: 0x2026_0002)
        let memory = GuardedBytes(capacity: 4096)
        for round in 0..<400 {
            let head = RandomHead.mutate(RandomHead.make(&random), &random)
            let whole = parse(head)
            var parser = RequestParser()
            var decided = false
            for length in 0...head.count {
                // A copy elsewhere each time, as the connection's buffer may move.
                let prefix = head.prefix(length)
                let seen = memory.with(prefix) { see(parser.parse($0), in: $0) }
                #expect(
                    seen == parse(prefix),
                    "round \(round), \(length) bytes of \(latin1(head).debugDescription)")
                if seen == .incomplete { continue }
                #expect(seen == whole, "round \(round), \(length) bytes of \(latin1(head).debugDescription)")
                if case .request(let head) = seen { #expect(head.length == length) }
                decided = true
                break
            }
            #expect(decided || whole == .incomplete)
        }
    }

    @Test func randomPiecesGiveTheSameOutcomeForBigHeads() {
        var random = SeededGenerator(seed: 0x2026_0003)
        for length in [16380, 16384, 16385, 40000] {
            let start = Array("GET / HTTP/1.1\r\nHost: a\r\nX: ".utf8)
            let head =
                start + [UInt8](repeating: 0x78, count: length - start.count - 4) + Array("\r\n\r\n".utf8)
            let whole = parse(head)
            var parser = RequestParser()
            var seen = Seen.incomplete
            var end = 0
            while end < head.count, seen == .incomplete {
                end = min(end + Int.random(in: 1...700, using: &random), head.count)
                seen = head.prefix(end).withUnsafeBytes { see(parser.parse($0), in: $0) }
            }
            #expect(seen == whole)
        }
    }

    @Test func noiseIsRefusedOrIncomplete() {
        var random = SeededGenerator(seed: 0x2026_0004)
        let memory = GuardedBytes(capacity: 512)
        for _ in 0..<3000 {
            let noise = (0..<Int.random(in: 0...512, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            var parser = RequestParser()
            let outcome = memory.with(noise) { parser.parse($0) }
            if case .request = outcome { Issue.record("\(noise) is no request") }
        }
    }

    @Test func parserIsATrivialValue() {
        #expect(_isPOD(RequestParser.self))
        #expect(_isPOD(RequestHead.self))
        #expect(_isPOD(ParseOutcome.self))
    }
}

func refused(_ rejection: Rejection) -> Seen {
    .rejected(rejection.status.rawValue, rejection.reason.description)
}
