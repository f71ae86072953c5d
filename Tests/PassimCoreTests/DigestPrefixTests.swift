import PassimCore
import PassimTestKit
import Testing

struct DigestPrefixTests {
    @Test func prefixIsSixtyDigitsOfTheDigest() {
        let digest = Digest(of: "content")
        let prefix = DigestPrefix(digest)
        var hex: [UInt8] = [0x5F]
        prefix.appendHex(to: &hex)
        #expect(hex == [0x5F] + Array(digest.hex.utf8.prefix(60)))
        #expect(prefix == parsed(String(digest.hex.prefix(60))))
        #expect(prefix == parsed(String(digest.hex.prefix(60)).uppercased()))
    }

    @Test func lastTwoBytesDoNotCount() {
        let words = Digest(of: "content").words
        let sibling = Digest(words: (words.0, words.1, words.2, words.3 ^ 0xFFFF))
        let stranger = Digest(words: (words.0, words.1, words.2, words.3 ^ 0x1_0000))
        #expect(DigestPrefix(Digest(words: words)) == DigestPrefix(sibling))
        #expect(DigestPrefix(Digest(words: words)) != DigestPrefix(stranger))
    }

    @Test(arguments: [0, 1, 59, 61, 64])
    func otherCountsAreNoPrefix(count: Int) {
        #expect(parsed(String(repeating: "a", count: count)) == nil)
    }

    @Test func whatIsNoDigitIsNoPrefix() {
        for position in 0..<60 {
            var text = [UInt8](repeating: 0x61, count: 60)
            text[position] = 0x67
            #expect(text.withUnsafeBytes { DigestPrefix(hex: $0) } == nil)
        }
    }

    private func parsed(_ text: String) -> DigestPrefix? {
        Array(text.utf8).withUnsafeBytes { DigestPrefix(hex: $0) }
    }
}
