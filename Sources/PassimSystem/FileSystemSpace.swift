internal import Glibc
internal import PassimCore

/// How much room a file system has (fstatvfs(3)).
package struct FileSystemSpace: Hashable, Sendable {
    /// st_dev: two directories with the same one share the room.
    package var device: UInt64
    /// Bytes that somebody who is not root may still write.
    package var freeBytes: UInt64
    package var bytes: UInt64
    /// Files that may still be made; both are 0 where the file system counts none.
    package var freeFiles: UInt64
    package var files: UInt64
    /// True if nobody ever writes to its kind, and it is full by nature: an image.
    package var isImage: Bool

    package init(
        device: UInt64 = 0, freeBytes: UInt64, bytes: UInt64, freeFiles: UInt64 = 0, files: UInt64 = 0,
        isImage: Bool = false
    ) {
        self.device = device
        self.freeBytes = freeBytes
        self.bytes = bytes
        self.freeFiles = freeFiles
        self.files = files
        self.isImage = isImage
    }

    /// Asks the file system that a path leads to. Waits if that does.
    package static func of(_ path: String) throws(SystemError) -> FileSystemSpace {
        let place = try Descriptor.open(path, [.path])
        var status = statvfs()
        let number = place.lend { $0 }
        _ = try retrying(.fstatvfs) { fstatvfs(number, &status) }
        let unit = UInt64(status.f_frsize)
        return FileSystemSpace(
            device: try place.status().identity.device,
            freeBytes: UInt64(status.f_bavail).multiplied(saturatingBy: unit),
            bytes: UInt64(status.f_blocks).multiplied(saturatingBy: unit),
            freeFiles: UInt64(status.f_favail), files: UInt64(status.f_files),
            isImage: images.contains(try place.fileSystem().type & 0xFFFF_FFFF))
    }

    /// f_type (linux/magic.h).
    private static let images: Set<UInt64> = [
        0x7371_7368,  // squashfs
        0xE0F5_E1E2,  // erofs
        0x28CD_3D45,  // cramfs
        0x9660,  // iso9660
        0x1501_3346,  // udf
    ]
}
