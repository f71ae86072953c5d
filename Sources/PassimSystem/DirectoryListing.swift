internal import CLinux
internal import Glibc

/// One name of a directory, as getdents64(2) tells it.
package struct DirectoryListing {
    package enum Kind: Sendable {
        case regular, directory, symbolicLink, other
        /// The file system does not say: ask fstat(2).
        case unknown
    }
}

extension Descriptor {
    /// Reads this directory from its current offset to its end, without `.` and `..`.
    ///
    /// Memory is one fixed buffer, however large the directory is.
    ///
    /// - Parameter buffer: at least 4096 bytes, aligned to 8.
    /// - Parameter body: the name's bytes, valid during the call, and its kind.
    package borrowing func forEachName(
        buffer: UnsafeMutableRawBufferPointer,
        _ body: (UnsafeRawBufferPointer, DirectoryListing.Kind) throws(SystemError) -> Void
    ) throws(SystemError) {
        let number = lend { $0 }
        while true {
            let count = try retrying(.getdents64) {
                clinux_getdents64(number, buffer.baseAddress, buffer.count)
            }
            if count == 0 { return }
            // struct linux_dirent64: ino 8, off 8, reclen 2, type 1, name with NUL.
            var position = 0
            while position < count {
                let record = buffer.baseAddress! + position
                let length = Int(record.loadUnaligned(fromByteOffset: 16, as: UInt16.self))
                let type = record.load(fromByteOffset: 18, as: UInt8.self)
                let name = record + 19
                let nameLength = strlen(name.assumingMemoryBound(to: CChar.self))
                position += length
                let bytes = UnsafeRawBufferPointer(start: name, count: nameLength)
                if nameLength == 1, bytes[0] == 0x2E { continue }
                if nameLength == 2, bytes[0] == 0x2E, bytes[1] == 0x2E { continue }
                let kind: DirectoryListing.Kind =
                    switch CInt(type) {
                    case CInt(DT_REG): .regular
                    case CInt(DT_DIR): .directory
                    case CInt(DT_LNK): .symbolicLink
                    case CInt(DT_UNKNOWN): .unknown
                    default: .other
                    }
                try body(bytes, kind)
            }
        }
    }
}
