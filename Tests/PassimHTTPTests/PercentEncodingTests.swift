import PassimCore
import PassimTestKit
import Testing

@testable import PassimHTTP

struct PercentEncodingTests {
    @Test(arguments: [
        ("", ""), ("aZ09-._~", "aZ09-._~"), ("a b", "a%20b"), ("100%", "100%25"), ("ä", "%C3%A4"),
        ("a/b", "a%2Fb"),
        ("\"\r\n'", "%22%0D%0A%27"), ("+&?#=", "%2B%26%3F%23%3D"),
    ])
    func namesAreEncoded(name: String, expected: String) {
        #expect(PercentEncoding.encode(RawName(name)) == Array(expected.utf8))
        #expect(withRaw(name) { PercentEncoding.isPlain($0) } == (name == expected))
    }

    @Test func everyByteComesBack() {
        let unreserved = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
        var random = SeededGenerator(seed: 0x2026_0060)
        for length in 0..<600 {
            let name = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            let encoded = name.withUnsafeBytes { PercentEncoding.encode($0) }
            #expect(encoded.allSatisfy { unreserved.contains($0) || $0 == 0x25 })
            var decoded = [UInt8]()
            var rest = encoded[...]
            while let byte = rest.popFirst() {
                if byte == 0x25 {
                    decoded.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)!)
                    #expect(!unreserved.contains(decoded.last!))
                    rest = rest.dropFirst(2)
                } else {
                    decoded.append(byte)
                }
            }
            #expect(decoded == name)
        }
    }
}
