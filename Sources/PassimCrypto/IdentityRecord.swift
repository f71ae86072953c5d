internal import PassimCore
internal import PassimSystem

/// Which key and certificate this program has made, in a file beside them: those it may replace. What it has not made
/// is the administrator's, however it looks.
struct IdentityRecord {
    /// A file as it was when it was made.
    struct Made: Equatable {
        /// The digest of its content.
        var digest: Digest
        var inode: UInt64
        var size: UInt64
        var modified: Timestamp
    }

    private let path: String

    /// - Parameter path: of the key.
    init(besideKey path: String) {
        self.path = parentDirectory(of: path) + "/made-by-passimd"
    }

    /// - Returns: nothing where it cannot be read.
    private func read() -> [String: Made] {
        guard let bytes = try? readFile(path, limit: 1 << 16) else { return [:] }
        var all: [String: Made] = [:]
        for line in bytes.split(separator: 0x0A) {
            let words = line.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
            guard words.count == 6, let digest = Digest(hex: words[1]), let inode = UInt64(words[2]),
                let size = UInt64(words[3]), let seconds = Int64(words[4]), let nanoseconds = UInt32(words[5])
            else { continue }
            all[words[0]] = Made(
                digest: digest, inode: inode, size: size,
                modified: Timestamp(seconds: seconds, nanoseconds: nanoseconds))
        }
        return all
    }

    /// True if a file has the content that was made, or is the very file and has not been written to since:
    /// another content is the disk's doing then.
    ///
    /// - Parameter content: nil where it cannot be read.
    func has(_ file: IdentityFile, content: [UInt8]?) -> Bool {
        guard let made = read()[file.name.description] else { return false }
        if let content, SHA256Hasher.digest(of: content) == made.digest { return true }
        guard let identity = file.identity else { return false }
        return identity.inode == made.inode && identity.size == made.size
            && identity.modified == made.modified
    }

    /// Notes that a file was made, which is there now.
    func note(_ file: IdentityFile, content: [UInt8]) throws(SystemError) {
        guard let identity = file.identity else { return }
        var all = read()
        all[file.name.description] = Made(
            digest: SHA256Hasher.digest(of: content), inode: identity.inode, size: identity.size,
            modified: identity.modified)
        let lines = all.sorted { $0.key < $1.key }.map { name, made in
            let time = "\(made.modified.seconds) \(made.modified.nanoseconds)"
            return "\(name) \(made.digest.hex) \(made.inode) \(made.size) \(time)\n"
        }
        try replaceFile(path, with: Array(lines.joined().utf8))
    }
}
