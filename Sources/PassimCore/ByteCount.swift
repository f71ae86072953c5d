/// A number of bytes as people read it, in units of 1024 (IEC 80000-13) and three digits: `999 B`, `1.5 GiB`, `100 KiB`.
/// Rounded to the nearest.
package struct ByteCount: CustomStringConvertible, Sendable {
    package let bytes: UInt64

    package init(_ bytes: UInt64) {
        self.bytes = bytes
    }

    package var description: String {
        if bytes < 1024 { return "\(bytes) B" }
        var shift: UInt64 = 10
        for unit in ByteCount.units {
            let whole = bytes >> shift
            let rest = bytes & (1 << shift - 1)
            // The rest has at most 60 bits: ten of it fit.
            let tenths = whole * 10 + (rest * 10 + 1 << (shift - 1)) >> shift
            if tenths < 1000 { return "\(tenths / 10).\(tenths % 10) \(unit)" }
            let rounded = whole + (rest >> (shift - 1))
            // 1023.6 KiB is 1.0 MiB.
            if rounded < 1024 { return "\(rounded) \(unit)" }
            shift += 10
        }
        // 2^64 bytes are 16 EiB.
        return "\(bytes) B"
    }

    private static let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
}
