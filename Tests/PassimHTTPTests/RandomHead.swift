import PassimTestKit

/// Heads that are valid more often than not, and mutations of them.
enum RandomHead {
    static func make(_ random: inout SeededGenerator) -> [UInt8] {
        var text = random.chance(5) ? "\r\n" : ""
        text += random.pick(["GET", "GET", "GET", "HEAD", "POST", "get", "X-!#$%&'*+.^_`|~"]) + " "
        text += random.pick([
            "/", "/a/b.txt?sha256=00", "/?", "/a?b?c", "https://localhost:27500/x?y=z", "HTTP://a",
            "http://h?q",
            "http://u@h/", "*", "h:443", "/\u{E4}%20\"<>", "/..", "//x",
        ])
        text += " HTTP/" + (random.chance(80) ? "1.1" : random.pick(["1.0", "1.7", "2.0", "0.9"])) + "\r\n"
        if random.chance(90) {
            text += "Host: \(random.chance(70) ? "localhost:27500" : random.pick(hosts))\r\n"
        }
        for _ in 0..<Int.random(in: 0...5, using: &random) {
            text += (random.chance(70) ? "X-\(random.next()): ok" : random.pick(fields)) + "\r\n"
        }
        return latin1Bytes(text + "\r\n")
    }

    static func mutate(_ head: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var head = head
        for _ in 0..<Int.random(in: 0...2, using: &random) where !head.isEmpty {
            let place = Int.random(in: 0..<head.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: head[place] = random.pick(bytes)
            case 1: head.insert(random.pick(bytes), at: place)
            case 2: head.remove(at: place)
            case 3: head[place] = UInt8.random(in: 0...255, using: &random)
            default:
                let end = Int.random(in: place...min(place + 40, head.count), using: &random)
                head.insert(contentsOf: head[place..<end], at: place)
            }
        }
        return head
    }

    private static let hosts = [
        "localhost", "LOCALHOST:27500", "[::1]:1", "[fe80::1%25eth0]", "127.0.0.1:", "a_b.example.", "h:x",
        "", "[]",
        "a b", "u@h", "[::1", "[::1]x", "h%41",
    ]

    private static let fields = [
        "Accept: */*", "User-Agent: curl/8", "X-Empty:", "x:\t y \t", "X: \u{FF}", "Connection: close",
        "connection: Keep-Alive, TE", "Connection: ,", "Content-Length: 0", "Content-Length: 5",
        "Content-Length: 99999999999999999999999", "Content-Length: +1", "Content-Length:",
        "Content-Length: 1, 1",
        "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, Chunked", "Transfer-Encoding: chunked, x",
        "Transfer-Encoding: ,", "Transfer-Encoding: chunked;a=b", "Transfer-Encoding: \"",
        "Expect: 100-Continue",
        "Expect:", "Expect: x", "Range: bytes=0-1", "RANGE: bytes=5-", "If-Range: \"a\"", "If-None-Match: *",
        "if-none-match: \"a\", W/\"b\"", "If-Match: \"a\"", "if-match: *",
        "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
        "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", "Host: twice",
        "Want-Digest: SHA-256;q=1", "want-digest: sha-256;q=0.0", "Want-Digest: md5, SHA-256",
        "No colon", "Space : x", " folded", "b@d: x", ": x",
    ]

    private static let bytes = Array("\0\r\n\t :,;/?#*[]@HG1\u{7F}".utf8)
}
