/// The kind of a client's first bytes, told before anything of TLS is made for it: a session costs tens of
/// KiB, and a client that sends half of a ClientHello and waits would have one for nothing.
package enum FirstBytes: Hashable, Sendable {
    /// More has to come.
    case incomplete
    /// A whole ClientHello, or what OpenSSL is to refuse with its alert.
    case tls
    /// It begins as a request of HTTP does.
    case plainHTTP

    /// Bytes of a ClientHello that are waited for; the rest of a longer one comes to OpenSSL as it arrives. With the
    /// largest key share there is (X25519MLKEM768) one has 2 KiB.
    package static let longest = 16 * 1024

    /// - Parameter bytes: all that have come since the connection began.
    package init(_ bytes: UnsafeRawBufferPointer) {
        switch FirstBytes.method(bytes) {
        case .whole: self = .plainHTTP
        case .possible: self = .incomplete
        case .none: self = bytes.count >= FirstBytes.longest || FirstBytes.isWhole(bytes) ? .tls : .incomplete
        }
    }

    private enum Method {
        case whole, possible, none
    }

    /// The methods of RFC 9110, 9.3, and RFC 5789, each with the space behind it.
    private static let methods: [StaticString] = [
        "GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "CONNECT ", "OPTIONS ", "TRACE ", "PATCH ",
    ]

    private static func method(_ bytes: UnsafeRawBufferPointer) -> Method {
        // Most begin with a record.
        guard let first = bytes.first, 0x41...0x5A ~= first else { return bytes.isEmpty ? .possible : .none }
        for method in methods {
            let text = UnsafeRawBufferPointer(start: method.utf8Start, count: method.utf8CodeUnitCount)
            let count = min(text.count, bytes.count)
            guard text[..<count].elementsEqual(bytes[..<count]) else { continue }
            return count == text.count ? .whole : .possible
        }
        return .none
    }

    /// Records of RFC 8446, 5.1, with the one message of 4.1.2 in them. True also for what is none.
    private static func isWhole(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var position = 0
        /// The handshake message: bytes seen, and its head of a type and a length.
        var seen = 0
        var head: UInt32 = 0
        while position < bytes.count {
            guard bytes[position] == 22 else { return true }
            guard position + 5 <= bytes.count else {
                // Every version has 3 there, SSL 3 to TLS 1.3.
                return position + 1 < bytes.count && bytes[position + 1] != 3
            }
            let length = Int(bytes[position + 3]) << 8 | Int(bytes[position + 4])
            guard bytes[position + 1] == 3, 1...16384 ~= length else { return true }
            let end = min(bytes.count, position + 5 + length)
            for byte in bytes[position + 5..<end].prefix(max(0, 4 - seen)) { head = head << 8 | UInt32(byte) }
            let before = seen
            seen += end - position - 5
            // The type is known as soon as the first byte is.
            if before < 4, seen >= 1, seen < 4, head >> UInt32(8 * (seen - 1)) != 1 { return true }
            if seen >= 4 {
                if head >> 24 != 1 { return true }
                if seen >= 4 + Int(head & 0xFF_FFFF) { return true }
            }
            position += 5 + length
        }
        return false
    }
}
