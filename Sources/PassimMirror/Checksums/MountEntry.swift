internal import PassimCore

/// A line of mountinfo (proc(5)): how a file system is mounted.
struct MountEntry: Hashable {
    /// The number of the mount, which may be given out again when it is gone.
    var number: UInt64
    /// st_dev of its directories; on btrfs that of no file.
    var device: UInt64
    /// The mount point.
    var point: String
    /// `ext4`, `nfs4`, `fuse.sshfs`
    var type: String
    /// `/dev/sda1`, `server:/export`, or whatever the mounter said.
    var source: String
    /// Options of the file system rather than of the mount, `ro` among them.
    var options: [String]

    /// - Parameter line: without its end.
    /// - Returns: nil where it is none.
    init?(_ line: ArraySlice<UInt8>) {
        let fields = line.split(separator: 0x20)
        // Between the mount options and this mark there may be any number of optional fields.
        guard fields.count >= 9, let mark = fields.firstIndex(of: [0x2D]), mark >= 6,
            fields.count >= mark + 4, let number = UInt64(MountEntry.text(fields[0]))
        else { return nil }
        let device = fields[2].split(separator: 0x3A).map { UInt32(MountEntry.text($0)) }
        guard device.count == 2, let major = device[0], let minor = device[1] else { return nil }
        self.number = number
        self.device = deviceNumber(major, minor)
        point = MountEntry.text(fields[4])
        type = MountEntry.text(fields[mark + 1])
        source = MountEntry.text(fields[mark + 2])
        options = fields[mark + 3].split(separator: 0x2C).map { MountEntry.text($0) }
    }

    static func parse(_ text: [UInt8]) -> [MountEntry] {
        text.split(separator: 0x0A).compactMap { MountEntry($0) }
    }

    /// The value of an option `name=value`.
    func option(_ name: String) -> String? {
        options.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
    }

    /// Escapes of blanks stay: these are compared, and a path with one is not found.
    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}

/// makedev(3).
func deviceNumber(_ major: UInt32, _ minor: UInt32) -> UInt64 {
    let (major, minor) = (UInt64(major), UInt64(minor))
    return (major & 0xFFFF_F000) << 32 | (minor & 0xFFFF_FF00) << 12 | (major & 0xFFF) << 8 | minor & 0xFF
}

/// major(3) and minor(3).
func deviceParts(_ device: UInt64) -> (major: UInt64, minor: UInt64) {
    ((device >> 32) & 0xFFFF_F000 | (device >> 8) & 0xFFF, (device >> 12) & 0xFFFF_FF00 | device & 0xFF)
}
