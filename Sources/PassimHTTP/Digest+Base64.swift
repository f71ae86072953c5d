internal import PassimCore

extension Digest {
    /// The 44 characters of the digest in base64 (RFC 4648 section 4), as Repr-Digest has it.
    func appendBase64(to output: inout [UInt8]) {
        let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        let bytes = self.bytes
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var group: UInt32 = 0
            for offset in 0..<3 { group = group << 8 | (offset < count ? UInt32(bytes[start + offset]) : 0) }
            for digit in 0..<4 {
                let index = Int(group >> UInt32(18 - 6 * digit) & 0x3F)
                output.append(digit <= count ? alphabet.utf8Start[index] : ASCII.equals)
            }
        }
    }
}
