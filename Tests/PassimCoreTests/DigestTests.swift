import PassimCore
import PassimTestKit
import Testing

@Suite struct DigestTests {
    /// SHA-256 of nothing, FIPS 180-4.
    private let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    @Test func bytesComeInOrder() throws {
        let digest = try #require(Digest(bytes: Array(0..<32)))
        #expect(digest.hex == "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
        #expect(digest.bytes == Array(0..<32))
        #expect(digest.words.0 == 0x0001_0203_0405_0607)
        #expect(digest.firstByte == 0)
        #expect(Digest(hex: empty)?.firstByte == 0xE3)
    }

    @Test(arguments: 1...5)
    func hexAndBytesSurviveARoundTrip(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let digest = try #require(Digest(bytes: bytes))
            // A second implementation of hex.
            let expected = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            #expect(digest.hex == expected)
            #expect(digest.description == expected)
            #expect(Digest(hex: expected) == digest)
            #expect(Digest(hex: expected.uppercased()) == digest)
            #expect(digest.bytes == bytes)
        }
    }

    @Test func anyOtherByteAtAnyPositionIsRefused() {
        let good = Array(empty.utf8)
        let digits = Set("0123456789abcdefABCDEF".utf8)
        for position in good.indices {
            for byte in UInt8.min...UInt8.max where !digits.contains(byte) {
                var text = good
                text[position] = byte
                #expect(text.withUnsafeBytes { Digest(hex: $0) } == nil)
            }
        }
    }

    @Test(arguments: [0, 1, 31, 33, 63, 65, 128])
    func otherLengthsAreRefused(length: Int) {
        #expect(Digest(hex: String(repeating: "a", count: length)) == nil)
        #expect(Digest(bytes: [UInt8](repeating: 0, count: length)) == nil)
    }

    @Test func charactersThatLookLikeDigitsAreRefused() {
        // 64 characters, more bytes.
        #expect(Digest(hex: String(empty.dropLast()) + "５") == nil)
        // 64 bytes, fewer characters.
        #expect(Digest(hex: String(empty.dropLast(2)) + "é") == nil)
    }

    @Test func substringIsTakenAsItIs() {
        #expect(Digest(hex: "sha256=\(empty)".dropFirst(7))?.hex == empty)
    }

    @Test func orderIsThatOfTheBytes() throws {
        var generator = SeededGenerator(seed: 9)
        let digests = try (0..<200).map { _ in
            // Few different bytes, so that the later words matter too.
            try #require(
                Digest(bytes: (0..<32).map { _ in UInt8.random(in: 0...1, using: &generator) * 255 }))
        }
        #expect(digests.sorted().map(\.hex) == digests.map(\.hex).sorted())
    }

    @Test func differenceInAnyByteIsADifference() throws {
        let digest = try #require(Digest(hex: empty))
        for index in 0..<32 {
            var bytes = digest.bytes
            bytes[index] ^= 1
            #expect(Digest(bytes: bytes) != digest)
        }
        #expect(Set([digest, digest]).count == 1)
    }
}
