/// A number of bytes for people, in units of 1024 (IEC 80000-13): `1.5 GiB`.
struct ByteCount: CustomStringConvertible {
    let bytes: UInt64

    init(_ bytes: UInt64) {
        self.bytes = bytes
    }

    var description: String {
        if bytes < 1024 { return "\(bytes) B" }
        var value = Double(bytes)
        for name in ByteCount.units {
            value /= 1024
            let tenths = Int((value * 10).rounded())
            if tenths < 1000 { return "\(tenths / 10).\(tenths % 10) \(name)" }
            let whole = Int(value.rounded())
            // 1023.6 KiB is 1.0 MiB.
            if whole < 1024 { return "\(whole) \(name)" }
        }
        // Past the last unit there is nothing.
        return "\(bytes) B"
    }

    private static let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
}
