import Glibc
import Testing

@testable import PassimHTTP

struct IPAddressTests {
    /// The second implementation: the C library's.
    private func system(_ family: Int32, _ text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        guard inet_pton(family, text, &bytes) == 1 else { return nil }
        return family == AF_INET ? [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + bytes[..<4] : bytes
    }

    private func bytes(_ address: IPAddress?) -> [UInt8]? {
        address.map { address in
            (0..<16).map {
                UInt8(truncatingIfNeeded: ($0 < 8 ? address.high : address.low) >> UInt64(56 - $0 % 8 * 8))
            }
        }
    }

    @Test func textIsReadAsByTheSystem() {
        var random = SeededGenerator(seed: 0x2026_0090)
        let memory = GuardedBytes(capacity: 128)
        let pieces = [
            ":", ":", "::", ".", "0", "1", "127", "255", "256", "ffff", "FFFF", "00", "7f00", "12345", "g",
            "1:2:3:4",
        ]
        let starts = ["", "", "::", "::ffff:", "127.0.0.", "1:2:3:4:5:6:", "1:2:3:4:5:6:7"]
        var read = 0
        for _ in 0..<30000 {
            let text =
                random.pick(starts)
                + (0..<Int.random(in: 0...8, using: &random)).map { _ in random.pick(pieces) }.joined()
            let (four, six) = memory.with(Array(text.utf8)) { (IPAddress(ipv4: $0), IPAddress(ipv6: $0)) }
            #expect(bytes(four) == system(AF_INET, text), "\(text)")
            #expect(bytes(six) == system(AF_INET6, text), "\(text)")
            if four != nil || six != nil { read += 1 }
        }
        #expect(read > 500)
    }
}
