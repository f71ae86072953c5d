import PassimCore
import PassimSystem
import Testing

@testable import PassimMirror

/// Which file system is which, from what the kernel tells of it.
@Suite struct VolumeTests {
    private func entry(_ type: String, _ source: String, _ options: String = "rw", device: String = "8:1")
        -> MountEntry
    {
        MountEntry.parse(
            Array("36 35 \(device) / /mnt rw,noatime master:1 - \(type) \(source) \(options)\n".utf8))[0]
    }

    private func describe(
        _ type: String, _ source: String = "/dev/sda1", _ options: String = "rw",
        id: UInt64 = 0x0123_4567_89AB_CDEF,
        uuid: [UInt8]? = nil, device: UInt64 = deviceNumber(8, 1)
    ) -> Volume {
        Volume.describe(
            entry(type, source, options), device: device, status: FileSystemStatus(type: 1, id: id),
            uuid: uuid,
            key: nil)
    }

    @Test func lineOfMountinfoIsTakenApart() throws {
        let line =
            "2 1 0:25 /root /mnt/a\\040b rw shared:7 master:2 - fuse.sshfs me@host:/x\\040y rw,user_id=0,max=1"
        let entry = try #require(MountEntry.parse(Array(line.utf8)).first)
        #expect(entry.number == 2 && entry.device == deviceNumber(0, 25))
        #expect(entry.type == "fuse.sshfs" && entry.source == "me@host:/x\\040y")
        #expect(entry.option("max") == "1" && entry.option("rw") == nil && entry.option("ma") == nil)
        for bad in [
            "", "2 1 0:25 / / rw", "2 1 0:25 / / rw - ext4", "x 1 0:25 / / rw - ext4 a rw",
            "2 1 25 / / rw - ext4 a rw",
        ] {
            #expect(MountEntry.parse(Array(bad.utf8)).isEmpty, "\(bad)")
        }
    }

    @Test func deviceNumbersAreThoseOfTheKernel() {
        for (major, minor) in [(0, 0), (8, 1), (259, 5), (4095, 255), (0, 0xFFFFF), (0xFFFFF, 0xFFFFFF)]
            as [(UInt32, UInt32)]
        {
            let parts = deviceParts(deviceNumber(major, minor))
            #expect(parts == (UInt64(major), UInt64(minor)))
        }
        #expect(deviceNumber(8, 1) == 0x801 && deviceNumber(259, 0x12345) == 0x1231_0345)
    }

    @Test(arguments: ["ext2", "ext3", "ext4", "btrfs", "zfs", "ceph", "cifs", "smb3", "tmpfs"])
    func numberOfTheFileSystemIsTakenWhereItLasts(_ type: String) {
        let volume = describe(type)
        #expect(volume.id == describe(type, device: deviceNumber(8, 2)).id)
        #expect(volume.id != describe(type, id: 5).id)
        #expect(volume.stampName == "0123456789abcdef")
    }

    @Test(arguments: ["xfs", "f2fs", "jfs", "bcachefs"])
    func uuidIsTakenWhereTheNumberIsThatOfTheDevice(_ type: String) {
        let uuid = (0..<16).map { UInt8($0) }
        let volume = describe(type, uuid: uuid)
        #expect(volume.stampName == "000102030405060708090a0b0c0d0e0f")
        #expect(volume.id == describe(type, id: 9, uuid: uuid, device: deviceNumber(8, 2)).id)
        // Neither the kernel nor udev tells: as before, the device.
        let unknown = describe(type)
        #expect(unknown.stampName == "-" && unknown.id != nil)
        #expect(unknown.id != describe(type, device: deviceNumber(8, 2)).id)
        #expect(describe(type, uuid: [UInt8](repeating: 0, count: 16)).id == unknown.id)
    }

    @Test(arguments: ["fuse.sshfs", "fuse.unionfs", "fuse.mergerfs"])
    func pathsTellFilesWhereInodeNumbersDoNotLast(_ type: String) throws {
        let volume = describe(type, "user@host:/")
        #expect(
            volume.tellsByPath && volume.id == describe(type, "user@host:/", device: deviceNumber(0, 9)).id)
        #expect(volume.id != describe(type, "user@other:/").id)
        let file = try status(inode: 5, on: volume, links: 2)
        let other = try status(inode: 7, on: volume, links: 3)
        let identities = Identities(on: volume, path: { RawName("/a") }, asking: { _, _ in nil })
        let (b, c) = (RawName("b"), RawName("c"))
        #expect(identities.seen(file, b).identity == identities.seen(other, b).identity)
        #expect(identities.seen(file, b).identity != identities.seen(file, c).identity)
        // Other names of it are none of the same number.
        #expect(identities.seen(file, b).links == 1)
        #expect(identities.flags(file.identity) == .isToldByPath)
        let ext4 = describe("ext4", id: 5)
        let usual = Identities(on: ext4, path: { RawName("/a") }, asking: { _, _ in nil })
        let known = try status(inode: 5, on: ext4, links: 2)
        #expect(usual.seen(known, b) == known && usual.flags(known.identity) == [])
    }

    /// Of a file that is mounted on a name its own file system says how it is told.
    @Test(arguments: [false, true])
    func fileOfAnotherFileSystemIsToldAsThatOneSays(isToldByPath: Bool) throws {
        let (numbered, numberless) = (describe("ext4", id: 5), describe("fuse.unionfs", "a", device: 99))
        let (volume, mounted) = isToldByPath ? (numbered, numberless) : (numberless, numbered)
        let file = try status(inode: 5, on: mounted, links: 2)
        var asked: [RawName] = []
        var answer: Bool?
        let identities = Identities(on: volume, path: { RawName("/a") }) { name, device in
            #expect(device == mounted.device)
            asked.append(name)
            return answer
        }
        // It was unmounted before that could be asked.
        #expect(identities.seen(file, RawName("b")) == file)
        answer = isToldByPath
        for name in ["b", "c"] {
            let seen = identities.seen(file, RawName(name))
            #expect((seen == file) != isToldByPath)
            #expect(identities.flags(seen.identity) == (isToldByPath ? .isToldByPath : []))
        }
        #expect(asked == [RawName("b"), RawName("b")])
    }

    private func status(inode: UInt64, on volume: Volume, links: UInt64) throws -> FileStatus {
        var status = try Descriptor.open("/proc/self/exe", .readOnly).status()
        (status.identity.device, status.identity.inode) = (volume.device, inode)
        status.links = links
        return status
    }

    @Test(arguments: [
        "squashfs", "erofs", "iso9660", "vfat", "exfat", "fuse", "fuse.squashfuse", "fuse.archivemount",
    ])
    func nothingLastsWhereAnInodeNumberMayBeAnotherFiles(_ type: String) {
        let uuid = (0..<16).map { UInt8($0) }
        #expect(describe(type, uuid: uuid).id == nil)
        #expect(describe(type, uuid: uuid).key != describe(type, uuid: uuid).key)
    }

    @Test func sourceIsTakenOfWhatIsServedAndIsNotInStamps() {
        for type in ["nfs", "nfs4"] {
            let volume = describe(type, "server:/export", id: 0)
            #expect(volume.id == describe("nfs4", "server:/export", id: 0, device: deviceNumber(0, 99)).id)
            #expect(volume.id != describe(type, "server:/other", id: 0).id)
            #expect(volume.stampName == "-")
            #expect(volume.isNetwork && !volume.isFUSE)
        }
        let gluster = describe("fuse.glusterfs", "one:/volume", id: 0)
        #expect(gluster.isNetwork && gluster.isFUSE && gluster.id != nil)
        // Both hosts write the same stamp.
        #expect(gluster.stampName == describe("fuse.glusterfs", "two:/volume", id: 0).stampName)
        #expect(describe("fuse.bindfs", "/a", id: 0).id != describe("fuse.bindfs", "/b", id: 0).id)
        #expect(!describe("fuse.bindfs", "/a", id: 0).isNetwork)
    }

    @Test func layersTellAnOverlayAndNothingOfAnotherFileSystemBelow() {
        func overlay(_ options: String, device: UInt64 = deviceNumber(8, 1)) -> Volume {
            describe("overlay", "overlay", options, device: device)
        }
        let volume = overlay("rw,lowerdir=/a:/b,upperdir=/c,workdir=/d")
        #expect(volume.copiesOnMetadataChange)
        #expect(volume.id != nil && volume.id == overlay("rw,lowerdir=/a:/b,upperdir=/c,workdir=/e").id)
        #expect(volume.id != overlay("rw,lowerdir=/a:/b,upperdir=/x,workdir=/d").id)
        #expect(!overlay("rw,lowerdir=/a,upperdir=/c,metacopy=on").copiesOnMetadataChange)
        // Shown at the first mount only.
        #expect(volume.id == overlay("rw,lowerdir=/a:/b,upperdir=/c,workdir=/d,uuid=on").id)
        let options = "rw,lowerdir=a,upperdir=c"
        let relative = describe("overlay", "overlay", options)
        #expect(relative.id != nil && relative.id != describe("overlay", "overlay", options, id: 7).id)
        // A file that has the device of its layer.
        #expect(overlay("rw,lowerdir=/a,upperdir=/c", device: 77).id == nil)
        func identity(_ inode: UInt64) -> FileIdentity {
            let time = Timestamp(seconds: 1, nanoseconds: 1)
            return FileIdentity(device: volume.device, inode: inode, size: 1, modified: time, changed: time)
        }
        #expect(volume.lasts(identity(12)))
        #expect(!volume.lasts(identity(1 << 62 | 12)))
    }

    @Test func uuidIsFoundInWhatUdevWrote() {
        let text =
            "S:disk/by-uuid/x\nE:ID_FS_TYPE=xfs\nE:ID_FS_UUID=00010203-0405-0607-0809-0a0b0c0d0e0f\nG:systemd\n"
        #expect(VolumeTable.uuid(inUdevData: Array(text.utf8)) == (0..<16).map { UInt8($0) })
        for other in [
            "", "E:ID_FS_UUID=1234-ABCD\n", "E:ID_FS_UUID=\n",
            "E:ID_FS_UUID=zz010203-0405-0607-0809-0a0b0c0d0e0f\n",
        ] {
            #expect(VolumeTable.uuid(inUdevData: Array(other.utf8)) == nil)
        }
    }

    @Test func oneFileSystemIsOneVolumeHoweverItIsReached() throws {
        let tree = MirrorTree()
        tree.makeDirectory("sub")
        let table = VolumeTable()
        func volume(_ path: String) throws -> Volume {
            let directory = try Descriptor.open(path, [.path, .directory])
            return table.volume(of: directory, device: try directory.status().identity.device)
        }
        let first = try volume(tree.path)
        #expect(try volume(tree.child("sub")) === first)
        table.forget()
        let again = try volume(tree.path)
        #expect(again == first && again !== first)
        #expect(try volume("/proc") != first)
    }
}
