internal import PassimCore
internal import PassimSystem

/// The key's or the certificate's file: read without trust, replaced without loss.
struct IdentityFile {
    let path: String
    private let directory: String
    let name: RawName

    /// - Parameter path: absolute, or relative to the working directory.
    init(path: String) {
        self.path = path
        name = RawName(path).basename
        directory = parentDirectory(of: path)
    }

    /// 1 MiB: keys and chains have a few KiB.
    static let sizeLimit = 1 << 20

    enum Content {
        case missing
        /// And the permission bits.
        case read([UInt8], mode: UInt32)
        /// Something is there that can be no key: why.
        case unusable(String)
    }

    /// - Throws: what may pass (no descriptors left, an I/O error) or is not about this file; it must not
    ///   cost an administrator his key.
    func read() throws(SystemError) -> Content {
        do throws(SystemError) {
            // Non-blocking: a FIFO would wait for its writer.
            let file = try Descriptor.open(path, [.readOnly, .nonBlocking, .noControllingTerminal])
            let status = try file.status()
            guard status.kind == .regular else { return .unusable("it is not a regular file") }
            guard let bytes = try file.readAll(limit: IdentityFile.sizeLimit) else {
                return .unusable("it is larger than \(IdentityFile.sizeLimit) bytes")
            }
            return .read(bytes, mode: status.mode)
        } catch {
            switch error.code {
            case .notFound: return .missing
            case .accessDenied, .notPermitted, .tooManyLinks, .noDevice:
                return .unusable(error.sentence)
            default: throw error
            }
        }
    }

    /// True if something has the name, and be it a symlink to nothing.
    var isThere: Bool { (try? openDirectory().status(of: name)) != nil }

    /// The identity by lstat(2); nil if it is no regular file.
    var identity: FileIdentity? {
        guard let status = try? openDirectory().status(of: name), status.kind == .regular else { return nil }
        return status.identity
    }

    /// Removes the file.
    func remove() throws(SystemError) {
        try openDirectory().unlink(name)
    }

    /// Writes what is to be the file's content beside it, 0600 and down to the disk. After a crash
    /// it is left behind, and the next `prepare` or `discard` removes it.
    func prepare(_ content: [UInt8]) throws(SystemError) {
        try makeDirectories(directory, mode: 0o755)
        let place = try openDirectory()
        discard()
        do throws(SystemError) {
            let file = try place.open(prepared, [.writeOnly, .create, .exclusive, .noFollow])
            // Whatever the umask.
            try file.changeMode(0o600)
            try file.writeAll(content)
            try file.sync()
        } catch {
            discard()
            throw error
        }
    }

    /// Gives what was prepared its name, in one step and for good.
    ///
    /// - Throws: `.exists` where something has that name: it is never replaced.
    func commit() throws(SystemError) {
        let place = try openDirectory()
        try place.renameWithoutReplacing(prepared, to: name)
        try place.sync()
    }

    /// Removes what was prepared and not committed; nothing happens where there is none.
    func discard() {
        guard let place = try? openDirectory() else { return }
        try? place.unlink(prepared)
    }

    /// Renames the file to `….bad`, or `….bad-2` and so on where that is taken.
    ///
    /// - Returns: its path then.
    func setAside() throws(SystemError) -> String {
        try setFileAside(path)
    }

    private var prepared: RawName { RawName(bytes: Array(".".utf8) + name.bytes + Array(".new".utf8)) }

    private func openDirectory() throws(SystemError) -> Descriptor {
        try Descriptor.open(directory, [.readOnly, .directory])
    }
}
