/// A ClientHello (RFC 8446, 4.1.2) put together by hand, sound or not.
package struct ClientHello: Sendable {
    package struct Extension: Sendable {
        package var type: UInt16
        package var content: [UInt8]

        package init(_ type: UInt16, _ content: [UInt8]) {
            self.type = type
            self.content = content
        }
    }

    package var version: UInt16 = 0x0303
    package var random = [UInt8](repeating: 0x5A, count: 32)
    package var session = [UInt8](repeating: 0xA5, count: 32)
    package var suites: [UInt16] = [0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F]
    package var compressions: [UInt8] = [0]
    package var extensions: [Extension]
    /// Behind the last of what it has.
    package var trailer: [UInt8] = []

    /// One that a server answers: any 32 bytes are a share of X25519.
    package init() {
        extensions = [
            .init(43, [4, 3, 4, 3, 3]), .init(10, [0, 4, 0, 29, 0, 23]),
            .init(13, [0, 8, 4, 3, 8, 4, 4, 1, 8, 7]),
            .init(51, [0, 36, 0, 29, 0, 32] + [UInt8](repeating: 9, count: 32)),
        ]
    }

    /// - Parameter host: nil has none.
    package static func naming(_ host: [UInt8]) -> ClientHello {
        var hello = ClientHello()
        hello.extensions.append(.init(0, TLSRecords.vector([0] + TLSRecords.vector(host))))
        return hello
    }

    /// - Parameter count: bytes of the message, at most 130000.
    package static func padded(to count: Int) -> ClientHello {
        var hello = ClientHello()
        // Neither all extensions nor all suites can be longer than 65535.
        let missing = count - hello.message.count
        let suites = max(0, missing - 64_000) / 2
        hello.suites += [UInt16](repeating: 0xFAFA, count: suites)
        hello.extensions.append(.init(21, [UInt8](repeating: 0, count: max(0, missing - 2 * suites - 4))))
        return hello
    }

    /// The handshake message with its header.
    package var message: [UInt8] {
        var body = TLSRecords.bytes(version) + random
        body += [UInt8(truncatingIfNeeded: session.count)] + session
        body += TLSRecords.vector(suites.flatMap { TLSRecords.bytes($0) })
        body += [UInt8(truncatingIfNeeded: compressions.count)] + compressions
        body += TLSRecords.vector(
            extensions.flatMap { TLSRecords.bytes($0.type) + TLSRecords.vector($0.content) })
        body += trailer
        return ClientHello.header(type: 1, count: body.count) + body
    }

    package static func header(type: UInt8, count: Int) -> [UInt8] {
        [type, UInt8(truncatingIfNeeded: count >> 16)] + TLSRecords.bytes(UInt16(truncatingIfNeeded: count))
    }

    /// On the wire.
    package func records(size: Int = 16384) -> [UInt8] {
        TLSRecords.records(TLSRecords.handshake, message, size: size)
    }
}
