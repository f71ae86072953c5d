/// A set of ASCII bytes as two words: one shift and one mask to ask, no table in memory. The tests compare
/// each mask with its letters.
struct ByteSet: Sendable {
    let low: UInt64
    let high: UInt64

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        if byte & 0x80 != 0 { return false }
        let word = byte & 0x40 == 0 ? low : high
        return word >> UInt64(byte & 0x3F) & 1 != 0
    }
}

extension ByteSet {
    /// `tchar` of RFC 9110 section 5.6.2.
    static let token = ByteSet(low: 0x03FF_6CFA_0000_0000, high: 0x57FF_FFFF_C7FF_FFFE)
    /// `unreserved` of RFC 3986 section 2.3.
    static let unreserved = ByteSet(low: 0x03FF_6000_0000_0000, high: 0x47FF_FFFE_87FF_FFFE)
    /// `reg-name` and IPv4 addresses of RFC 3986 section 3.2.2.
    static let registeredName = ByteSet(low: 0x2BFF_7FF2_0000_0000, high: 0x47FF_FFFE_87FF_FFFE)
    /// Bytes between the brackets of an IP literal, with the zones of RFC 6874.
    static let addressLiteral = ByteSet(low: 0x07FF_6020_0000_0000, high: 0x47FF_FFFE_87FF_FFFE)
}
