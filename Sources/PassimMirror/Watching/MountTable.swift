internal import PassimCore
internal import PassimSystem

/// The mount points of this process, as /proc/self/mountinfo lists them (proc(5)).
///
/// Mounting makes no inotify event, and hides what was watched; the file is ready for an exceptional condition
/// (POLLPRI) when something has been mounted or unmounted. For one thread.
final class MountTable {
    struct Mount: Hashable {
        /// Never given to two mounts at a time, so a file system that replaces another one shows.
        var identifier: [UInt8]
        var point: RawName
    }

    private static let path = "/proc/self/mountinfo"

    /// To wait for changes with.
    let changes: Descriptor
    private var mounts: Set<Mount> = []

    init() throws(SystemError) {
        changes = try Descriptor.open(MountTable.path, [.readOnly])
        mounts = try MountTable.read()
    }

    /// The absolute paths where something has been mounted or unmounted since this was asked last.
    func changedPoints() throws(SystemError) -> Set<RawName> {
        let now = try MountTable.read()
        defer { mounts = now }
        return Set(mounts.symmetricDifference(now).map(\.point))
    }

    private static func read() throws(SystemError) -> Set<Mount> {
        // A machine full of containers has some thousand lines of 200 bytes.
        let limit = 64 << 20
        return parse(try Descriptor.open(path, [.readOnly]).readAll(limit: limit) ?? [])
    }

    /// A mount a line: identifier, parent, device, root, mount point; what follows does not matter.
    static func parse(_ text: [UInt8]) -> Set<Mount> {
        Set(
            text.split(separator: 0x0A).compactMap { line in
                let fields = line.split(separator: 0x20, maxSplits: 5, omittingEmptySubsequences: false)
                guard fields.count == 6, fields[4].first == 0x2F else { return nil }
                return Mount(identifier: Array(fields[0]), point: RawName(bytes: unescape(fields[4])))
            })
    }

    /// Blanks, line ends and backslashes are written as `\` and three octal digits.
    private static func unescape(_ field: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = field
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == 0x5C, digits.count == 3, digits.allSatisfy({ (0x30...0x37).contains($0) }) {
                bytes.append(digits.reduce(0) { $0 << 3 | ($1 - 0x30) })
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }
}

extension RawName {
    /// The rest of an absolute path below a directory: empty if it is the directory; nil if it is
    /// not below.
    func relative(to directory: RawName) -> RawName? {
        let base = directory == RawName("/") ? [] : directory.bytes
        guard bytes.starts(with: base) else { return nil }
        if bytes.count == base.count { return .empty }
        guard bytes[base.count] == 0x2F else { return nil }
        return RawName(bytes: Array(bytes[(base.count + 1)...]))
    }
}
