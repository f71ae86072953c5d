internal import CLinux
internal import Glibc

extension Descriptor {
    /// True if the open file is on a file system of this machine's own disks or memory: its inode is in
    /// memory as long as the file is open, so that fstat(2) never waits, and what is in the page cache is
    /// read without waiting. Network file systems, those in user space (FUSE) and those made of others
    /// (overlayfs) are not.
    ///
    /// Waits where the file system does (fstatfs(2)).
    package borrowing func isOnLocalFileSystem() throws(SystemError) -> Bool {
        let number = lend { $0 }
        var type: UInt64 = 0
        _ = try retrying(.fstatfs) { clinux_file_system_type(number, &type) }
        // The rest of a negative f_type of 32 bits.
        return localFileSystemTypes.contains(type & 0xFFFF_FFFF)
    }
}

/// f_type of those that are known to be local (statfs(2), linux/magic.h).
private let localFileSystemTypes: Set<UInt64> = [
    0xEF53,  // ext2, ext3, ext4
    0x5846_5342,  // xfs
    0x9123_683E,  // btrfs
    0xF2F5_2010,  // f2fs
    0xCA45_1A4E,  // bcachefs
    0x2FC1_2FC1,  // zfs
    0x3153_464A,  // jfs
    0x5265_4973,  // reiserfs
    0x3434,  // nilfs2
    0x0102_1994,  // tmpfs
    0x8584_58F6,  // ramfs
    0x7371_7368,  // squashfs
    0xE0F5_E1E2,  // erofs
    0x28CD_3D45,  // cramfs
    0x9660,  // iso9660
    0x1501_3346,  // udf
    0x4D44,  // vfat
    0x2011_BAB0,  // exfat
    0x7366_746E,  // ntfs3
]
