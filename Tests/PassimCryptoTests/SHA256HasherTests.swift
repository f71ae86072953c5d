import PassimCore
import PassimTestKit
import Testing

@testable import PassimCrypto

struct SHA256HasherTests {
    /// FIPS 180-4 examples and NIST's CAVP byte vectors (SHA256ShortMsg.rsp).
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("616263", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "6162636462636465636465666465666765666768666768696768696a68696a6b696a6b6c6a6b6c6d6b6c6d6e"
                + "6c6d6e6f6d6e6f706e6f7071",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        ("d3", "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1"),
        ("11af", "5ca7133fa735326081558ac312c620eeca9970d1e70a4b95533d956f072d1f98"),
        ("74ba2521", "b16aa56be3880d18cd41e68384cf1ec8c17680c45a02b1575dc1518923ae8b0e"),
        (
            "5a86b737eaea8ee976a0a24da63e7ed7eefad18a101c1211e2b3650c5187c2a8"
                + "a650547208251f6d4237e661c7bf4c77f335390394c37fa1a9f9be836ac28509",
            "42e61e174fbb3897d6dd6cef3dd2802fe67b331953b06114a65c772859dfc1aa"
        ),
    ])
    func standardVectorsGiveTheirDigests(message: String, digest: String) {
        #expect(SHA256Hasher.digest(of: bytes(hex: message)).hex == digest)
    }

    /// FIPS 180-4's long example.
    @Test func aMillionLettersInOneContextGiveTheirDigest() {
        let hasher = SHA256Hasher()
        let letters = [UInt8](repeating: 0x61, count: 1000)
        for _ in 0..<1000 { letters.withUnsafeBytes(hasher.update) }
        #expect(hasher.finish().hex == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func splitPointsDoNotMatter(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let message = generator.bytes(Int.random(in: 0...5000, using: &generator))
        let whole = SHA256Hasher.digest(of: message)
        let hasher = SHA256Hasher()
        var rest = message[...]
        while !rest.isEmpty {
            let count = Int.random(in: 0...min(rest.count, 200), using: &generator)
            rest.prefix(count).withUnsafeBytes(hasher.update)
            rest = rest.dropFirst(count)
        }
        #expect(hasher.finish() == whole)
    }

    @Test func finishedHasherStartsAnew() {
        let hasher = SHA256Hasher()
        let empty = SHA256Hasher.digest(of: [])
        [UInt8]("something".utf8).withUnsafeBytes(hasher.update)
        #expect(hasher.finish() != empty)
        #expect(hasher.finish() == empty)
    }

    @Test func bufferWithoutAddressIsEmpty() {
        #expect(
            SHA256Hasher.digest(of: UnsafeRawBufferPointer(start: nil, count: 0))
                == SHA256Hasher.digest(of: []))
    }

    private func bytes(hex: String) -> [UInt8] {
        let digits = Array(hex.utf8)
        return stride(from: 0, to: digits.count, by: 2).map {
            hexValue(digits[$0]) << 4 | hexValue(digits[$0 + 1])
        }
    }
}
