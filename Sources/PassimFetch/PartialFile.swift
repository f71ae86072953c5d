// The part of a file that came, and its digest so far.
//
// It lies beside its destination, so that it can be renamed, under a name that the digest gives, so that the
// next try finds it. What it finds is read again: a crash may have lost any of it. `*.part` is among what a
// mirror does not share.

internal import Glibc
package import PassimCore
internal import PassimCrypto
package import PassimSystem

/// A file that is being downloaded; for one thread.
package final class PartialFile {
    /// The sender of the bytes there.
    enum Source: Hashable {
        case nobody
        case one(String)
        /// Several, or somebody at another time: whoever is to blame for wrong content cannot be told.
        case several
    }

    private let directory: Descriptor
    /// nil where the file has no name.
    private let name: RawName?
    private var file: Descriptor
    private let hasher = SHA256Hasher()
    package private(set) var byteCount: UInt64 = 0
    private(set) var source = Source.nobody
    private var isPublished = false

    /// Goes on with what is there, or begins.
    ///
    /// - Throws: `.busy` where another process is at it.
    convenience init(for digest: Digest, in directory: consuming Descriptor) throws(DownloadError) {
        try self.init(named: PartialFile.name(for: digest), in: directory)
    }

    /// The same under a name that the caller chooses; what else has the name and cannot be gone on from is removed.
    ///
    /// - Throws: as above.
    package init(named name: RawName, in directory: consuming Descriptor) throws(DownloadError) {
        do throws(SystemError) {
            guard let file = try PartialFile.open(name, in: directory) else {
                throw SystemError(code: .again, call: .flock)
            }
            self.file = file
        } catch {
            throw error.call == .flock ? .busy("\(name)") : .system(error)
        }
        self.directory = directory
        self.name = name
        do throws(SystemError) { try readWhatIsThere() } catch { throw .system(error) }
    }

    /// Begins a file without a name, gone with this.
    init(unnamedIn directory: consuming Descriptor) throws(SystemError) {
        let name = RawName(".passim-\(UInt64.random(in: .min ... .max)).part")
        file = try directory.open(name, [.readWrite, .create, .exclusive, .noFollow, .append])
        try directory.unlink(name)
        self.directory = directory
        self.name = nil
    }

    deinit {
        // Nothing to go on from. Whoever waits for the lock looks whether the name is still there.
        if byteCount == 0, !isPublished { discard() }
    }

    static func name(for digest: Digest) -> RawName { RawName(".passim-\(digest.hex).part") }

    // MARK: - Opening

    /// - Returns: nil where another process is at it.
    private static func open(
        _ name: RawName, in directory: borrowing Descriptor
    ) throws(SystemError) -> Descriptor? {
        // Each turn somebody else has done something to the name.
        for _ in 0..<100 {
            guard let file = try find(name, in: directory) else { continue }
            guard try file.lockExclusively() else { return nil }
            // Finished by another process before we had the lock?
            if try isThere(file, name, in: directory) { return file }
        }
        throw SystemError(code: .again, call: .openat, subject: "\(name)")
    }

    /// - Returns: nil where the name is to be tried again.
    private static func find(
        _ name: RawName, in directory: borrowing Descriptor
    ) throws(SystemError) -> Descriptor? {
        do throws(SystemError) {
            return try directory.open(
                name, [.readWrite, .create, .exclusive, .noFollow, .append], mode: 0o600)
        } catch {
            if error.code != .exists { throw error }
        }
        do throws(SystemError) {
            let file = try directory.open(name, [.readWrite, .noFollow, .nonBlocking, .append])
            let status = try file.status()
            if status.kind == .regular, status.owner == geteuid(), status.links == 1 {
                try file.changeMode(0o600)
                return file
            }
        } catch {
            switch error.code {
            case .notFound: return nil
            // A symlink, a socket, a file of somebody else's.
            case .tooManyLinks, .noDevice, .accessDenied: break
            default: throw error
            }
        }
        try directory.unlink(name)
        return nil
    }

    private static func isThere(
        _ file: borrowing Descriptor, _ name: RawName, in directory: borrowing Descriptor
    ) throws(SystemError) -> Bool {
        let mine = try file.status().identity
        do throws(SystemError) {
            let named = try directory.status(of: name).identity
            return named.device == mine.device && named.inode == mine.inode
        } catch {
            if error.code == .notFound { return false }
            throw error
        }
    }

    private func readWhatIsThere() throws(SystemError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { buffer.deallocate() }
        while true {
            let count = try file.read(into: buffer, at: byteCount)
            if count == 0 { break }
            hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            byteCount += UInt64(count)
        }
        if byteCount > 0 { source = .several }
    }

    // MARK: - Filling

    /// - Parameter sender: who sent it.
    package func append(_ bytes: UnsafeRawBufferPointer, from sender: String) throws(SystemError) {
        try file.writeAll(bytes)
        hasher.update(bytes)
        byteCount += UInt64(bytes.count)
        switch source {
        case .nobody: source = .one(sender)
        case .one(sender): break
        case .one, .several: source = .several
        }
    }

    /// Forgets what is there.
    package func restart() throws(SystemError) {
        _ = hasher.finish()
        byteCount = 0
        source = .nobody
        try file.truncate(to: 0)
    }

    /// Digest so far.
    package var digest: Digest { hasher.current }

    /// Bytes that the next try will find.
    var keptBytes: UInt64 { name == nil ? 0 : byteCount }

    var availableBytes: UInt64 {
        get throws(SystemError) { try file.availableBytes() }
    }

    // MARK: - The end

    /// Gives it its name, with all its bytes on the disk; what had that name is replaced.
    func publish(as final: RawName) throws(SystemError) {
        guard name != nil else { return }
        try file.changeMode(ordinaryFileMode())
        try file.sync()
        try rename(to: final)
        try directory.sync()
    }

    /// Opens it for reading only from now on: who watches the directory is told of the close after writing under the name
    /// that it has now, and not under the final one (inotify(7)).
    package func endWriting() throws(SystemError) {
        guard let name else { return }
        let reader = try directory.open(name, [.readOnly, .noFollow, .nonBlocking, .noControllingTerminal])
        guard try reader.status().identity == file.status().identity else {
            throw SystemError(code: .again, call: .openat, subject: "\(name)")
        }
        file = reader
        _ = try file.lockExclusively()
    }

    /// Gives it its name, and no more than that: for a caller that has done with it what `publish` does.
    package func rename(to final: RawName) throws(SystemError) {
        guard let name else { return }
        try directory.rename(name, to: final)
        isPublished = true
    }

    /// Lends the open file.
    package func lend<Result>(
        _ body: (borrowing Descriptor) throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        try body(file)
    }

    /// Lends the directory that it is in.
    package func lendDirectory<Result>(
        _ body: (borrowing Descriptor) throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        try body(directory)
    }

    /// Writes all of it to something else.
    func copy(to output: borrowing Descriptor) throws(SystemError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
        defer { buffer.deallocate() }
        var offset: UInt64 = 0
        while true {
            let count = try file.read(into: buffer, at: offset)
            if count == 0 { return }
            try output.writeAll(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += UInt64(count)
        }
    }

    /// Removes it. Where that fails there is nothing else to be done.
    package func discard() {
        if let name, !isPublished { try? directory.unlink(name) }
    }
}
