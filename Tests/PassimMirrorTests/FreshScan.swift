import Glibc
import PassimConfig
import PassimCore
import PassimCrypto

/// What a drop-in shares at this moment, found in the simplest way: by full paths, with nothing remembered.
struct FreshScan {
    private(set) var files: [RawName: FileIdentity] = [:]
    private let root: String
    private let dropIn: DropIn

    init(_ dropIn: DropIn) {
        self.dropIn = dropIn
        root = dropIn.path
        walk("")
    }

    private func absolute(_ path: String) -> String { path.isEmpty ? root : "\(root)/\(path)" }

    private mutating func walk(_ path: String) {
        // The configured path may be a symlink; opendir(3) follows it.
        guard let directory = opendir(absolute(path)) else { return }
        defer { closedir(directory) }
        while let record = readdir(directory) {
            let name = withUnsafePointer(to: &record.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            let below = path.isEmpty ? name : "\(path)/\(name)"
            var status = stat()
            guard fstatat(AT_FDCWD, absolute(below), &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFREG where dropIn.accepts(RawName(below)):
                files[RawName(below)] = FreshScan.identity(status)
            case S_IFDIR where dropIn.entersDirectory(RawName(below)): walk(below)
            default: break
            }
        }
    }

    private static func identity(_ status: stat) -> FileIdentity {
        FileIdentity(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: UInt64(status.st_size),
            modified: Timestamp(
                seconds: Int64(status.st_mtim.tv_sec), nanoseconds: UInt32(status.st_mtim.tv_nsec)),
            changed: Timestamp(
                seconds: Int64(status.st_ctim.tv_sec), nanoseconds: UInt32(status.st_ctim.tv_nsec)))
    }

    /// nil where the file has gone.
    func digest(of path: RawName) -> Digest? {
        guard let file = fopen(absolute(String(decoding: path.bytes, as: UTF8.self)), "r") else { return nil }
        defer { fclose(file) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return SHA256Hasher.digest(of: content) }
            content += buffer[..<count]
        }
    }
}
