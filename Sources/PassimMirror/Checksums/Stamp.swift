internal import PassimCore

/// The content that a checksum was computed of, as the attribute beside it says (passimd(8), EXTENDED ATTRIBUTES).
///
/// `v2:SIZE:MTIME:INODE:FSID`, where MTIME is seconds, a point and nine digits, and FSID is as in `Volume.stampName`.
/// A stamp that was copied with its file (rsync -X, cp -a) names another inode and is not believed.
///
/// Version 0.2.0 wrote `SIZE:MTIME`.
struct Stamp: Equatable {
    static let attribute: StaticString = "user.checksum.sha256.stamp"
    /// Bytes: no stamp is longer.
    static let longest = 3 + oldLongest + 1 + 20 + 1 + 32
    private static let oldLongest = 20 + 1 + 20 + 1 + 9

    let bytes: [UInt8]

    init(_ identity: FileIdentity, on volume: Volume) {
        var bytes = Array("v2:".utf8)
        bytes.reserveCapacity(Stamp.longest)
        Stamp.put(identity, &bytes)
        bytes.append(0x3A)
        Stamp.put(identity.inode, &bytes)
        bytes.append(0x3A)
        bytes += volume.stampName.utf8
        self.bytes = bytes
    }

    /// The form that names no inode.
    init(old identity: FileIdentity) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Stamp.oldLongest)
        Stamp.put(identity, &bytes)
        self.bytes = bytes
    }

    private static func put(_ identity: FileIdentity, _ bytes: inout [UInt8]) {
        put(identity.size, &bytes)
        bytes.append(0x3A)
        if identity.modified.seconds < 0 { bytes.append(0x2D) }
        put(identity.modified.seconds.magnitude, &bytes)
        bytes.append(0x2E)
        put(UInt64(identity.modified.nanoseconds), digits: 9, &bytes)
    }

    private static func put(_ value: UInt64, _ bytes: inout [UInt8]) {
        var digits = 1
        var bound = value / 10
        while bound > 0 {
            digits += 1
            bound /= 10
        }
        put(value, digits: digits, &bytes)
    }

    private static func put(_ value: UInt64, digits: Int, _ bytes: inout [UInt8]) {
        let start = bytes.count
        for _ in 0..<digits { bytes.append(0x30) }
        var rest = value
        for index in stride(from: start + digits - 1, through: start, by: -1) {
            bytes[index] = 0x30 + UInt8(rest % 10)
            rest /= 10
        }
    }
}
