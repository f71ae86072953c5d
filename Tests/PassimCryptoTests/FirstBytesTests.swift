import PassimTestKit
import Testing

@testable import PassimCrypto

/// What a client says first, cut anywhere.
struct FirstBytesTests {
    private func look(_ bytes: some Collection<UInt8>) -> FirstBytes {
        Array(bytes).withUnsafeBytes { FirstBytes($0) }
    }

    /// A message of the handshake in records of so many bytes.
    private func records(_ type: UInt8 = 1, length: Int, of size: Int) -> [UInt8] {
        let message =
            [type, UInt8(length >> 16), UInt8(length >> 8 & 255), UInt8(length & 255)]
            + [UInt8](repeating: 7, count: length)
        var bytes: [UInt8] = []
        var rest = message[...]
        while !rest.isEmpty {
            let part = rest.prefix(size)
            bytes += [22, 3, 1, UInt8(part.count >> 8), UInt8(part.count & 255)] + part
            rest = rest.dropFirst(size)
        }
        return bytes
    }

    @Test(arguments: [1, 2, 3, 4, 5, 64, 16384])
    func helloIsWholeWithItsLastByte(size: Int) {
        let hello = records(length: 300, of: size)
        for count in 0..<hello.count { #expect(look(hello.prefix(count)) == .incomplete, "\(count)") }
        #expect(look(hello) == .tls)
        #expect(look(hello + [1, 2, 3]) == .tls)
    }

    @Test func whatIsNoHelloIsForOpenSSL() {
        #expect(look([0x80]) == .tls)
        #expect(look([21, 3, 1]) == .tls)
        #expect(look([22, 2]) == .tls)
        #expect(look([22, 3, 1, 0, 0]) == .tls)
        #expect(look([22, 3, 1, 0x40, 1]) == .tls)
        #expect(look([22, 3, 1, 0, 1, 2]) == .tls)
        #expect(look(records(2, length: 10, of: 100).prefix(7)) == .tls)
        #expect(look([22, 3, 1, 0, 1, 1, 23]) == .tls)
    }

    @Test func helloThatIsTooLongIsNotKept() {
        let hello = records(length: 100_000, of: 16384)
        #expect(look(hello.prefix(FirstBytes.longest - 1)) == .incomplete)
        #expect(look(hello.prefix(FirstBytes.longest)) == .tls)
    }

    @Test func requestInPlainIsRecognized() {
        #expect(look(Array("GET / HTTP/1.1".utf8)) == .plainHTTP)
        #expect(look(Array("H".utf8)) == .incomplete)
        #expect(look(Array("HEAD".utf8)) == .incomplete)
        #expect(look(Array("HEAD ".utf8)) == .plainHTTP)
        #expect(look(Array("PRI * HTTP/2.0".utf8)) == .tls)
        #expect(look(Array("EHLO".utf8)) == .tls)
        #expect(look(Array("R".utf8)) == .tls)
        #expect(look(Array("get".utf8)) == .tls)
        #expect(look([]) == .incomplete)
    }
}
