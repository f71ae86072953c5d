// A file system as it is mounted: which one it is, and its habits.
//
// Which one: st_dev says so while it is mounted, and another number after the next mount (network file systems,
// btrfs, device mapper, loop devices). What lasts differs from type to type:
//
// - f_fsid of statfs(2) on ext2 to 4 (its UUID, folded), btrfs (the UUID and the subvolume: subvolumes have the same
//   inode numbers and the same UUID), ZFS (the dataset), Ceph and SMB (equal on all clients), tmpfs (until it is
//   unmounted). On XFS, f2fs, squashfs and others it is the device number.
// - There, the UUID: FS_IOC_GETFSUUID since Linux 6.9, before that what udev has read from the disk.
// - On NFS, 9p, virtiofs, and FUSE servers whose inode numbers last: the source in mountinfo.
// - On some FUSE servers the source in mountinfo, too, and their inode numbers do not last: a file is told by its
//   path there. Of those that may show images, nothing.
// - None on FAT, whose inode numbers do not last either, and which has nothing that tells one disk from another; and
//   none for images, in which other content may have the same inode number, size and times: squashfs has the times
//   that its maker wrote. Their files are hashed at each start.

internal import PassimCore
internal import PassimSystem

final class Volume: Sendable, Hashable {
    /// Nil where nothing lasts over a remount.
    let id: VolumeID?
    /// As mountinfo tells it: `ext4`, `nfs4`, `fuse.sshfs`; empty where nothing is known.
    let type: String
    /// st_dev of the files that this is about.
    let device: UInt64
    /// The file system in a stamp: hexadecimal digits, or `-`.
    ///
    /// Told only where it is in the file system itself, so that all hosts that mount it agree; a stamp that each of
    /// two hosts wrote its own way would have each hash what the other has hashed. The source of an NFS export or
    /// a GlusterFS volume begins with the server's name, which one host may spell as another does not, and
    /// goes on with a path, which differs where one mounts a part of it: so `-`. What that loses: a stamp that was
    /// copied from such a file system to another such one, and meets the same inode number, size and mtime there.
    let stampName: String
    /// Shared with other hosts: their clock sets its times, and inotify does not tell what they do.
    let isNetwork: Bool
    let isFUSE: Bool
    /// Inode numbers are made up, and another one may be a file's after memory was short, or after the next mount: what
    /// tells a file is its path, size and times.
    let tellsByPath: Bool
    /// Writing an attribute copies the file (overlayfs, from a lower layer).
    let copiesOnMetadataChange: Bool
    /// The id; where there is none, another one each time it is mounted.
    let key: VolumeID

    init(
        id: VolumeID?, type: String, device: UInt64, stampName: String = "-", key: VolumeID? = nil,
        copiesOnMetadataChange: Bool = false, tellsByPath: Bool = false
    ) {
        self.id = id
        self.type = type
        self.device = device
        self.stampName = stampName
        self.copiesOnMetadataChange = copiesOnMetadataChange
        self.tellsByPath = tellsByPath
        isFUSE = type == "fuse" || type == "fuseblk" || type.hasPrefix("fuse.")
        isNetwork = Volume.networkTypes.contains(type)
        self.key = id ?? key ?? VolumeID("once:\(Volume.numbers.next())")
    }

    /// Why no digest can be recorded on its files, in words; nil where nothing is known against it.
    var recordingObstacle: String? {
        tellsByPath
            ? "inode numbers do not last on \(type): passimd keeps the checksums of its files itself" : nil
    }

    private static let numbers = Counter()

    static func == (one: Volume, other: Volume) -> Bool {
        one.key == other.key && one.device == other.device
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(key)
        hasher.combine(device)
    }

    /// True if rows about a file may outlive this mount.
    func lasts(_ identity: FileIdentity) -> Bool {
        // Files of overlayfs may have the device of their layer.
        guard id != nil, identity.device == device else { return false }
        // With xino, what comes from another file system than the upper layer's has a number in the top bits
        // (overlayfs.rst). That may be an image; the upper layer's own inode numbers never get there.
        return !copiesOnMetadataChange || identity.inode >> 48 == 0
    }

    // MARK: - Types

    private static let networkTypes: Set<String> = [
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "9p", "afs", "lustre", "beegfs", "ocfs2", "gfs2",
        "orangefs",
        "coda", "davfs", "vboxsf", "virtiofs", "fuse.glusterfs", "fuse.sshfs", "fuse.ceph", "fuse.ceph-fuse",
        "fuse.rclone", "fuse.s3fs", "fuse.curlftpfs", "fuse.juicefs", "fuse.mfs", "fuse.moosefs",
        "fuse.davfs2",
        "fuse.vmhgfs-fuse", "fuse.smbnetfs", "fuse.goofys", "fuse.gcsfuse",
    ]
    private static let imageTypes: Set<String> = ["squashfs", "erofs", "iso9660", "udf", "cramfs", "romfs"]
    /// Their drivers make up inode numbers, anew after each mount or sooner; most FUSE servers do so, too.
    private static let numberlessTypes: Set<String> = ["vfat", "msdos", "exfat", "davfs"]
    /// FUSE servers that pass on inode numbers which last.
    private static let numberedServers: Set<String> = [
        "fuse.bindfs", "fuse.glusterfs", "fuse.ceph", "fuse.ceph-fuse", "fuse.juicefs",
        "fuse.mfs", "fuse.moosefs",
    ]
    /// FUSE servers without numbers that last, of directories: what has a path, size and times once is the file.
    private static let pathServers: Set<String> = [
        "fuse.sshfs", "fuse.unionfs", "fuse.unionfs-fuse", "fuse.mergerfs", "fuse.fuse-overlayfs",
        "fuse.rclone",
        "fuse.davfs2", "fuse.smbnetfs",
    ]
    /// In these, f_fsid says which one it is.
    private static let identifiedTypes: Set<String> = [
        "ext2", "ext3", "ext4", "btrfs", "zfs", "tmpfs", "ceph", "cifs", "smb3",
    ]

    /// Types told by their source in mountinfo, if there is no number. NFS is one as well.
    private static let sourcedTypes: Set<String> = [
        "cifs", "smb3", "smbfs", "ceph", "9p", "virtiofs", "afs", "lustre", "beegfs", "orangefs", "vboxsf",
        "coda",
    ]

    // MARK: - From what is known of it

    /// - Parameters:
    ///   - status: by statfs(2); nil where that failed.
    ///   - uuid: of the file system, from the kernel or from udev.
    ///   - passesInodes: a FUSE server shows the inode numbers of the directory that it is about.
    ///   - key: what tells this mount from any other, where nothing lasts.
    static func describe(
        _ mount: MountEntry, device: UInt64, status: FileSystemStatus?, uuid: [UInt8]?,
        passesInodes: Bool = false, key: VolumeID?
    ) -> Volume {
        let type = mount.type
        func volume(_ id: String?, stampName: String = "-") -> Volume {
            Volume(
                id: id.map { VolumeID($0) }, type: type, device: device, stampName: stampName, key: key,
                // With metacopy it copies attributes only.
                copiesOnMetadataChange: type == "overlay" && !mount.options.contains("metacopy=on"),
                tellsByPath: numberlessTypes.contains(type) || isNumberlessServer(type) && !passesInodes)
        }
        if imageTypes.contains(type) || numberlessTypes.contains(type) { return volume(nil) }
        if identifiedTypes.contains(type), let number = status?.id, number != 0 {
            let name = hexadecimal(number)
            // One driver for the three.
            return volume("\(type.hasPrefix("ext") ? "ext" : type):\(name)", stampName: name)
        }
        if isToldByUUID(type) || type.hasPrefix("ext") {
            if let uuid, uuid.contains(where: { $0 != 0 }) {
                let name = uuid.map { hexadecimal(UInt64($0)).suffix(2) }.joined()
                return volume("uuid:" + name, stampName: name)
            }
            let (major, minor) = deviceParts(device)
            return volume("device:\(major):\(minor)")
        }
        switch type {
        case "overlay":
            // If files have the device of their layer, nobody knows which layer that will be.
            guard mount.device == device else { return volume(nil) }
            var layers = ["upperdir", "lowerdir", "lowerdir+", "datadir+"].flatMap { name in
                mount.options.filter { $0.hasPrefix(name + "=") }
            }
            if layers.isEmpty { return volume(nil) }
            // A path that does not begin at the root may be of any directory: f_fsid, its own or that of the upper
            // layer, tells more.
            if layers.contains(where: { !$0.contains("=/") }) { layers.append("\(status?.id ?? 0)") }
            return volume("overlay:" + VolumeID(layers.joined(separator: ",")).hexadecimal)
        case "nfs", "nfs4": return volume("nfs:" + mount.source)
        case _ where isNumberlessServer(type) && !passesInodes:
            // The others may be images, in which another file has the same path, size and times.
            return volume(pathServers.contains(type) ? "path:\(type):\(mount.source)" : nil)
        case _ where numberedServers.contains(type) || sourcedTypes.contains(type) || passesInodes:
            return volume("\(type):\(mount.source)")
        default: return volume(nil)
        }
    }

    /// True for a FUSE server of which nobody knows that its inode numbers last.
    private static func isNumberlessServer(_ type: String) -> Bool {
        (type == "fuse" || type.hasPrefix("fuse.")) && !numberedServers.contains(type)
    }

    /// True if only its UUID tells which file system it is: the usual ones, on a disk.
    static func isToldByUUID(_ type: String) -> Bool {
        !identifiedTypes.contains(type) && !imageTypes.contains(type) && !numberlessTypes.contains(type)
            && !sourcedTypes.contains(type) && type != "fuse" && !type.hasPrefix("fuse.")
            && !["overlay", "nfs", "nfs4", "ramfs", ""].contains(type)
    }
}

extension VolumeID {
    fileprivate var hexadecimal: String { PassimMirror.hexadecimal(UInt64(bitPattern: number)) }
}

/// 16 digits.
private func hexadecimal(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
