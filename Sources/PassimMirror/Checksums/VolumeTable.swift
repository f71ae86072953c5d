internal import PassimCore
internal import PassimSystem
internal import Synchronization

/// The file systems that have been met. From any thread; no lock is held over a system call, each of which may
/// wait for a server.
final class VolumeTable: Sendable {
    private struct Place: Hashable {
        /// Nil before Linux 5.8.
        var mount: MountID?
        var device: UInt64
    }

    /// Mounts are few; those that are gone stay until somebody calls `forget`.
    private static let longest = 4096

    private let known = Lock<[Place: Volume]>([:])

    /// The file system of a directory, or of a file that has another device than its directory.
    ///
    /// - Parameter directory: open as a place at least.
    /// - Parameter device: its st_dev.
    func volume(of directory: borrowing Descriptor, device: UInt64) -> Volume {
        // One cheap call, and no other file system is ever taken for this one, whose st_dev it may have got:
        // the number of a mount is unique since Linux 6.8.
        let place = Place(mount: (try? directory.mountID()) ?? nil, device: device)
        if let volume = known.withLock({ $0[place] }) { return volume }
        let volume = VolumeTable.identify(directory, place.mount, device)
        return known.withLock { known in
            if let other = known[place] { return other }
            if known.count >= VolumeTable.longest { known = [:] }
            known[place] = volume
            return volume
        }
    }

    /// To be called when something was mounted or unmounted: what tells mounts apart may be given out again.
    func forget() {
        known.withLock { $0 = [:] }
    }

    private static func identify(
        _ directory: borrowing Descriptor, _ mount: MountID?, _ device: UInt64
    ) -> Volume {
        var key: VolumeID?
        if case .unique(let number) = mount { key = VolumeID("mount:\(number):\(device)") }
        let number = (try? directory.mountNumber()) ?? nil
        let mounts = (try? readFile("/proc/self/mountinfo", limit: 64 << 20)).flatMap { $0 } ?? []
        let entries = MountEntry.parse(mounts)
        guard
            let entry = entries.last(where: { $0.number == number })
                ?? entries.last(where: { $0.device == device })
        else { return Volume(id: nil, type: "", device: device, key: key) }
        let status = try? directory.fileSystem()
        var uuid: [UInt8]?
        if Volume.isToldByUUID(entry.type) {
            if let opened = try? directory.open(RawName("."), [.readOnly, .directory]) {
                uuid = (try? opened.fileSystemUUID()) ?? nil
            }
            uuid = uuid ?? udevUUID(device)
        }
        return Volume.describe(
            entry, device: device, status: status, uuid: uuid, passesInodes: passesInodes(entry), key: key)
    }

    /// True if a FUSE server that does not say its name (bindfs) passes on the inode numbers of its source.
    private static func passesInodes(_ mount: MountEntry) -> Bool {
        guard mount.type == "fuse", mount.source.hasPrefix("/"),
            let source = try? Descriptor.open(mount.source, [.path, .directory]).status().identity,
            let root = try? Descriptor.open(mount.point, [.path, .directory]).status().identity
        else { return false }
        // One that counts by itself begins with 1.
        return source.inode == root.inode && source.device != root.device && root.device == mount.device
            && root.inode != 1
    }

    /// The UUID that udev has read from the disk, for kernels that do not tell.
    private static func udevUUID(_ device: UInt64) -> [UInt8]? {
        let (major, minor) = deviceParts(device)
        let path = "/run/udev/data/b\(major):\(minor)"
        guard let text = try? readFile(path, limit: 1 << 20) else { return nil }
        return uuid(inUdevData: text)
    }

    /// The line `E:ID_FS_UUID=` of a file of udev's database, if it is a UUID rather than a short number.
    static func uuid(inUdevData text: [UInt8]) -> [UInt8]? {
        let name = Array("E:ID_FS_UUID=".utf8)
        guard let line = text.split(separator: 0x0A).first(where: { $0.starts(with: name) }) else {
            return nil
        }
        let digits = line.dropFirst(name.count).filter { $0 != 0x2D }
        guard digits.count == 32 else { return nil }
        var bytes: [UInt8] = []
        var rest = digits[...]
        while !rest.isEmpty {
            guard let byte = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}

/// Numbers from 1, each given out once.
final class Counter: Sendable {
    private let last = Atomic<UInt64>(0)

    func next() -> UInt64 { last.add(1, ordering: .relaxed).newValue }
}
