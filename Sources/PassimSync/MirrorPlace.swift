// The directory that is filled. Every path is opened beneath it and through no symlink, whatever others do in it.

internal import Glibc
internal import PassimCore
internal import PassimCrypto
internal import PassimFetch
internal import PassimMirror
internal import PassimSystem

final class MirrorPlace {
    let root: Descriptor
    /// Absolute, without symlinks.
    let path: RawName
    let stamps = FileStamps()
    let isSyncedAsAWhole: Bool
    private let isReadOnly: Bool
    /// The owner to give the files, if this is root in somebody's directory.
    private let owner: (user: UInt32, group: UInt32)?
    private let fileMode = ordinaryFileMode()
    /// The directory that was opened last.
    private var last: (path: RawName, directory: OpenPlace)?
    private var lockFile: OpenPlace?

    private final class OpenPlace {
        let descriptor: Descriptor
        init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
    }

    /// - Parameter isReadOnly: nothing is written, no digest that was computed either.
    init(_ path: String, isReadOnly: Bool = false) throws(SyncFailure) {
        self.isReadOnly = isReadOnly
        do throws(SystemError) {
            root = try Descriptor.open(path, [.readOnly, .directory])
            let status = try root.status()
            self.path = try root.currentPath()
            owner = geteuid() == 0 && status.owner != 0 ? (status.owner, status.group) : nil
            isSyncedAsAWhole = stamps.isSyncedAsAWhole(root, status.identity)
        } catch {
            throw SyncFailure("\(RawName(path)): \(error.sentence)")
        }
    }

    /// Keeps others from filling it, until this is gone.
    func lock() throws(SyncFailure) {
        do throws(SystemError) {
            if try isLocked() { return }
        } catch {
            throw SyncFailure("\(path): cannot be locked: \(error.sentence)")
        }
        throw SyncFailure("\(path) is being filled by another passim mirror sync; wait until that has ended")
    }

    /// A file that only the directory's owner and root can open is locked, and stays: whoever may read the directory
    /// could lock that itself (flock(2)), and keep it from being filled.
    private func isLocked() throws(SystemError) -> Bool {
        let file = try root.open(
            MirrorPlace.lockName, [.readWrite, .create, .noFollow, .nonBlocking, .noControllingTerminal],
            mode: 0o600)
        if let owner, try file.status().owner == 0 { try file.changeOwner(owner.user, group: owner.group) }
        guard try file.lockExclusively() else { return false }
        lockFile = OpenPlace(file)
        return true
    }

    private static let lockName = RawName(".passim-lock.part")

    /// Bytes that may still be written.
    func availableBytes() throws(SystemError) -> UInt64 { try root.availableBytes() }

    // MARK: - Looking

    enum Found: Equatable {
        /// The content that it should have.
        case current
        /// Another one, or none.
        case missing
        /// It has the size that it should have, and must be read.
        case unknown
    }

    func look(_ entry: Manifest.Entry) throws(SystemError) -> Found {
        guard let open = try open(entry.path), open.identity.size == entry.size else { return .missing }
        guard let digest = stamps.recorded(on: open.file, open.identity) else { return .unknown }
        return digest == entry.digest ? .current : .missing
    }

    /// The digest of a file's content, which is read where nothing is recorded; that is recorded then.
    ///
    /// - Returns: nil where there is no such file, or it changes all the time.
    func digest(
        of path: RawName, onBytes: @escaping (UInt64) -> Void = { _ in }
    ) throws(SystemError) -> Digest? {
        for _ in 0..<3 {
            guard let open = try open(path) else { return nil }
            if let digest = stamps.recorded(on: open.file, open.identity) { return digest }
            guard let digest = try stamps.hash(open.file, open.identity, onBytes: onBytes) else { continue }
            // If nothing can be recorded, it is read the next time, too.
            if !isReadOnly { _ = try? stamps.record(digest, on: open.file, open.identity, isOnDisk: false) }
            return digest
        }
        return nil
    }

    func content(of path: RawName, limit: Int) throws(SystemError) -> [UInt8]? {
        guard let open = try open(path) else { return nil }
        return try open.file.readAll(limit: limit)
    }

    /// - Returns: nil where there is no regular file.
    private func open(_ path: RawName) throws(SystemError) -> OpenFile? {
        do throws(SystemError) {
            let file = try root.open(beneath: path, [.readOnly, .nonBlocking, .noControllingTerminal])
            let status = try file.status()
            return status.kind == .regular ? OpenFile(file: file, identity: status.identity) : nil
        } catch {
            switch error.code {
            // A symlink, a socket, something on the way that is no directory.
            case .notFound, .tooManyLinks, .noDevice, .notDirectory: return nil
            default: throw error
            }
        }
    }

    // MARK: - Directories

    /// Opens the directory of a file, which is made where it is missing.
    private func directory(of path: RawName) throws(SystemError) -> OpenPlace {
        let parent = path.parent
        if let last, last.path == parent { return last.directory }
        let place: OpenPlace
        do throws(SystemError) {
            place = OpenPlace(try root.open(beneath: parent, [.readOnly, .directory]))
        } catch {
            guard error.code == .notFound, !parent.isEmpty else { throw error }
            let above = try directory(of: parent)
            do throws(SystemError) {
                try above.descriptor.makeDirectory(parent.basename, mode: 0o755)
            } catch {
                if error.code != .exists { throw error }
            }
            place = OpenPlace(try root.open(beneath: parent, [.readOnly, .directory]))
            if let owner, try place.descriptor.status().owner == 0 {
                try place.descriptor.changeOwner(owner.user, group: owner.group)
            }
        }
        last = (parent, place)
        return place
    }

    // MARK: - Files that are on their way

    /// Named by path and content: two paths may have one content, and what has come of a file that the source has
    /// replaced since is of no use.
    static func partName(_ entry: Manifest.Entry) -> RawName {
        let key = SHA256Hasher.digest(of: entry.path.bytes + [0] + entry.digest.bytes)
        return RawName(".passim-\(key.hex.prefix(40)).part")
    }

    /// True if it has the form of `partName`.
    static func isPart(_ name: RawName) -> Bool {
        ManifestName.isOwn(name.bytes) && name.bytes.count == ".passim-.part".utf8.count + 40
    }

    /// Goes on with what is there of a file.
    func openPart(_ entry: Manifest.Entry) throws(DownloadError) -> PartialFile {
        do throws(SystemError) {
            let place = try directory(of: entry.path).descriptor.open(RawName("."), [.readOnly, .directory])
            return try MirrorPlace.part(MirrorPlace.partName(entry), place)
        } catch {
            throw .system(error)
        }
    }

    private static func part(_ name: RawName, _ place: consuming Descriptor) throws(SystemError)
        -> PartialFile
    {
        do throws(DownloadError) {
            return try PartialFile(named: name, in: place)
        } catch {
            if case .system(let cause) = error { throw cause }
            throw SystemError(code: .again, call: .flock, subject: "\(name)")
        }
    }

    /// Readies a file whose content is on the disk for its name: owner, mode, times and digest.
    ///
    /// - Returns: why the digest could not be recorded, in words; nil where it was.
    func prepare(
        _ part: PartialFile, _ digest: Digest, modified: Timestamp?
    ) throws(SystemError) -> String? {
        try part.lend { (file) throws(SystemError) in
            try file.changeMode(fileMode)
            if let modified { try file.setModified(modified) }
            let refusal = try stamps.record(digest, on: file, file.status().identity, isOnDisk: true)
            // Last: with protected_hardlinks(5) nobody else links to it before it has its name.
            if let owner { try file.changeOwner(owner.user, group: owner.group) }
            return refusal
        }
    }

    /// Bytes that have come of a file in an earlier run.
    func partBytes(_ entry: Manifest.Entry) -> UInt64 {
        guard let place = try? root.open(beneath: entry.path.parent, [.path, .directory]),
            let status = try? place.status(of: MirrorPlace.partName(entry)), status.kind == .regular
        else { return 0 }
        return min(status.identity.size, entry.size)
    }

    /// Gives a file of the mirror another name, by a copy of it.
    ///
    /// - Returns: what was hashed while it was copied.
    func copy(_ path: RawName, _ entry: Manifest.Entry) throws(DownloadError) -> PartialFile? {
        do throws(SystemError) {
            guard let original = try open(path), original.identity.size == entry.size else { return nil }
            let part = try MirrorPlace.part(
                MirrorPlace.partName(entry),
                directory(of: entry.path).descriptor.open(RawName("."), [.readOnly, .directory]))
            try part.restart()
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
            defer { buffer.deallocate() }
            while part.byteCount < entry.size {
                let count = try original.file.read(into: buffer, at: part.byteCount)
                if count == 0 { break }
                try part.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]), from: "\(path)")
            }
            guard part.byteCount == entry.size, part.digest == entry.digest else {
                part.discard()
                return nil
            }
            return part
        } catch {
            throw .system(error)
        }
    }

    func size(of path: RawName) throws(SystemError) -> UInt64? {
        try open(path)?.identity.size
    }

    // MARK: - The tree

    /// A regular file of the tree.
    struct Seen {
        var path: RawName
        var size: UInt64
    }

    /// Goes through all directories that `enters` names; a directory that cannot be read is passed over.
    func walk(enters: (RawName) -> Bool, _ body: (Seen) -> Void) throws(SystemError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32768, alignment: 8)
        defer { buffer.deallocate() }
        var waiting = [RawName.empty]
        while let path = waiting.popLast() {
            guard let directory = try? root.open(beneath: path, [.readOnly, .directory]) else { continue }
            var names: [RawName] = []
            try directory.forEachName(buffer: buffer) { (name, kind) throws(SystemError) in
                if kind != .symbolicLink, kind != .other { names.append(RawName(name)) }
            }
            for name in names {
                guard let status = try? directory.status(of: name) else { continue }
                let whole = path.appending(name)
                switch status.kind {
                case .directory: if enters(whole) { waiting.append(whole) }
                case .regular: body(Seen(path: whole, size: status.identity.size))
                case .symbolicLink, .other: break
                }
            }
        }
    }

    /// The names in a directory last; where that fails, a power cut may take them, and the next run gets them again.
    func sync(_ directory: RawName) {
        try? root.open(beneath: directory, [.readOnly, .directory]).sync()
    }

    func remove(_ path: RawName) throws(SystemError) {
        let place = try root.open(beneath: path.parent, [.path, .directory])
        try place.unlink(path.basename)
    }
}

private struct OpenFile: ~Copyable {
    let file: Descriptor
    let identity: FileIdentity
}
