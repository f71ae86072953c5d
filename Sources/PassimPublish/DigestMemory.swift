internal import Glibc
internal import PassimCore
internal import PassimSystem

/// The digests of items by what fstat(2) says of their files, in a file of the state directory: items are not read
/// again at each start.
///
/// Only this daemon writes there; a file that somebody else could have written is not believed. Nor is a digest
/// remembered that another process may have made untrue without a trace: a file that others can write must not have
/// been changed for two seconds before it was hashed, since times are coarse. What this daemon has published nobody
/// else had open before it was whole. Whoever writes to a file later changes its ctime, which nobody can set.
struct DigestMemory: Sendable {
    private let path: String

    /// Bytes: some hundred thousand items.
    private static let longest = 1 << 26

    init(path: String) {
        self.path = path
    }

    static func isSettled(_ identity: FileIdentity, at now: Timestamp) -> Bool {
        let (seconds, isTooMuch) = identity.changed.seconds.addingReportingOverflow(2)
        return !isTooMuch && Timestamp(seconds: seconds, nanoseconds: identity.changed.nanoseconds) <= now
    }

    func store(_ digests: [FileIdentity: Digest]) throws(SystemError) {
        try replaceFile(path, with: DigestMemory.text(digests))
    }

    /// - Parameter complain: told why the file is not believed.
    /// - Returns: nothing where there is no file, or none to believe.
    func read(complain: (String) -> Void) -> [FileIdentity: Digest] {
        do throws(SystemError) {
            let file = try Descriptor.open(
                path, [.readOnly, .noFollow, .nonBlocking, .noControllingTerminal])
            let status = try file.status()
            guard status.kind == .regular, status.owner == geteuid(), status.mode & 0o022 == 0 else {
                complain("somebody else could have written it")
                return [:]
            }
            guard let bytes = try file.readAll(limit: DigestMemory.longest) else {
                complain("it has more than \(DigestMemory.longest) bytes")
                return [:]
            }
            return DigestMemory.parse(bytes)
        } catch {
            if error.code != .notFound { complain("\(error)") }
            return [:]
        }
    }

    // MARK: - Text

    /// Lines of digest, device, inode, size, and seconds and nanoseconds of mtime and ctime.
    static func text(_ digests: [FileIdentity: Digest]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digests.count * 180)
        for (identity, digest) in digests {
            let numbers = [
                "\(identity.device)", "\(identity.inode)", "\(identity.size)", "\(identity.modified.seconds)",
                "\(identity.modified.nanoseconds)", "\(identity.changed.seconds)",
                "\(identity.changed.nanoseconds)",
            ]
            bytes.append(contentsOf: "\(digest.hex) \(numbers.joined(separator: " "))\n".utf8)
        }
        return bytes
    }

    /// Torn and malformed lines are passed over: their files are read.
    static func parse(_ bytes: [UInt8]) -> [FileIdentity: Digest] {
        var digests: [FileIdentity: Digest] = [:]
        var rest = bytes[...]
        while let end = rest.firstIndex(of: 0x0A) {
            let words = rest[..<end].split(separator: 0x20, omittingEmptySubsequences: false)
            if words.count == 8, let digest = words[0].withUnsafeBytes({ Digest(hex: $0) }),
                let identity = identity(words[1...])
            {
                digests[identity] = digest
            }
            rest = rest[(end + 1)...]
        }
        return digests
    }

    private static func identity(_ words: ArraySlice<ArraySlice<UInt8>>) -> FileIdentity? {
        let texts = words.map { String(decoding: $0, as: UTF8.self) }
        guard let device = UInt64(texts[0]), let inode = UInt64(texts[1]), let size = UInt64(texts[2]),
            let modified = timestamp(texts[3], texts[4]), let changed = timestamp(texts[5], texts[6])
        else { return nil }
        return FileIdentity(device: device, inode: inode, size: size, modified: modified, changed: changed)
    }

    private static func timestamp(_ seconds: String, _ nanoseconds: String) -> Timestamp? {
        guard let seconds = Int64(seconds), let nanoseconds = UInt32(nanoseconds), nanoseconds < 1_000_000_000
        else { return nil }
        return Timestamp(seconds: seconds, nanoseconds: nanoseconds)
    }
}
