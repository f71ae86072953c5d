import PassimCore
import PassimTestKit
import Testing

@Suite struct NetworkTests {
    @Test(arguments: [
        ("192.0.2.0/24", "192.0.2.255", true), ("192.0.2.0/24", "192.0.3.0", false),
        ("192.0.2.77/24", "192.0.2.1", true), ("192.0.2.1", "192.0.2.1", true),
        ("192.0.2.1", "192.0.2.2", false),
        ("192.0.2.1/32", "192.0.2.0", false), ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "::1", false),
        ("::/0", "2001:db8::1", true), ("::/0", "192.0.2.1", false),
        ("2001:db8::/32", "2001:db8:ffff::", true),
        ("2001:db8::/32", "2001:db9::", false), ("2001:db8::1", "2001:db8::2", false),
        ("2001:db8::/65", "2001:db8:0:0:7fff::", true), ("2001:db8::/65", "2001:db8:0:0:8000::", false),
        ("2001:db8::/64", "2001:db8:0:1::", false), ("10.0.0.0/8", "::ffff:10.9.8.7", true),
        ("::ffff:10.0.0.0/104", "10.9.8.7", true), ("::ffff:10.0.0.0/104", "11.0.0.0", false),
    ])
    func containsOrNot(network: String, address: String, expected: Bool) throws {
        #expect(try #require(Network(network)).contains(#require(IPAddress(address))) == expected)
    }

    @Test(arguments: [
        "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8",
        "10.0.0.0/ 8",
        "10/8", "::/129", "::/0008", "2001:db8::/99999999999999999999", "lan", "10.0.0.0-10.0.0.9",
        "10.0.0.0/255.0.0.0",
    ])
    func otherTextIsNoNetwork(text: String) {
        #expect(Network(text) == nil)
    }

    @Test(arguments: [
        ("192.0.2.77/24", "192.0.2.0/24"), ("192.0.2.1", "192.0.2.1"), ("2001:db8::1/32", "2001:db8::/32"),
        ("0.0.0.0/0", "0.0.0.0/0"), ("::/0", "::/0"),
    ])
    func descriptionIsTheShortForm(text: String, expected: String) {
        #expect(Network(text)?.description == expected)
    }

    @Test(arguments: [
        ("192.0.2.77", 24, "192.0.2.0/24"), ("192.0.2.77", 99, "192.0.2.77"), ("192.0.2.77", -1, "0.0.0.0/0"),
        ("2001:db8::1", 64, "2001:db8::/64"), ("::", 128, "::"), ("2001:db8::1", 4000, "2001:db8::1"),
    ])
    func addressAndLengthAreANetwork(address: String, length: Int, expected: String) throws {
        #expect(
            Network(try #require(IPAddress(address)), prefixLength: length) == Network(expected))
    }

    @Test func scopeOfAClientDoesNotMatter() throws {
        let network = try #require(Network("fe80::/10"))
        #expect(network.contains(IPAddress(high: 0xFE80 << 48, low: 1, scope: 3)))
        #expect(network.contains(IPAddress(high: 0xFE80 << 48, low: 1)))
    }

    @Test(arguments: 1...5)
    func agreesWithABitByBitComparison(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<1000 {
            let isIPv4 = Bool.random(using: &generator)
            let width = isIPv4 ? 32 : 128
            let length = Int.random(in: 0...width, using: &generator)
            let one = (0..<width).map { _ in Bool.random(using: &generator) }
            // Alike up to somewhere, so that both answers come up.
            let alike = Int.random(in: 0...width, using: &generator)
            let other = one.indices.map { $0 < alike ? one[$0] : Bool.random(using: &generator) }
            let network = try #require(Network("\(text(one))/\(length)"))
            let expected = one.prefix(length).elementsEqual(other.prefix(length))
            #expect(network.contains(try #require(IPAddress(text(other)))) == expected)
        }
    }

    private func text(_ bits: [Bool]) -> String {
        let (group, radix, separator) = bits.count == 32 ? (8, 10, ".") : (16, 16, ":")
        return stride(from: 0, to: bits.count, by: group).map { start in
            String(bits[start..<start + group].reduce(0) { $0 * 2 + ($1 ? 1 : 0) }, radix: radix)
        }.joined(separator: separator)
    }
}
