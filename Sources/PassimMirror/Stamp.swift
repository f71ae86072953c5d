internal import PassimCore

/// What content a checksum was computed of: `<size>:<mtime seconds>.<9-digit nanoseconds>` (protocol.md,
/// Extended attributes).
struct Stamp: Equatable {
    static let attribute: StaticString = "user.checksum.sha256.stamp"
    /// Bytes: no stamp is longer.
    static let longest = 20 + 1 + 20 + 1 + 9

    let bytes: [UInt8]

    init(_ identity: FileIdentity) {
        bytes = [UInt8](unsafeUninitializedCapacity: Stamp.longest) { buffer, count in
            func append(_ byte: UInt8) {
                buffer[count] = byte
                count += 1
            }
            func put(_ value: UInt64, digits: Int) {
                var rest = value
                for index in stride(from: digits - 1, through: 0, by: -1) {
                    buffer[count + index] = 0x30 + UInt8(rest % 10)
                    rest /= 10
                }
                count += digits
            }
            func put(_ value: UInt64) {
                var digits = 1
                var bound = value / 10
                while bound > 0 {
                    digits += 1
                    bound /= 10
                }
                put(value, digits: digits)
            }
            put(identity.size)
            append(0x3A)
            if identity.modified.seconds < 0 { append(0x2D) }
            put(identity.modified.seconds.magnitude)
            append(0x2E)
            put(UInt64(identity.modified.nanoseconds), digits: 9)
        }
    }
}
