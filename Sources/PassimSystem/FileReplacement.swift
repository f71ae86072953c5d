internal import PassimCore

/// A small file whose content is replaced in one step and for good: written beside it, down to the disk, and
/// renamed over it. After a crash `.NAME.new` may be left beside it; the next replacement takes it over.
///
/// The directory is made, 0700, where it is missing.
///
/// - Parameter isDurable: also for a power cut, which takes as long as the disk takes.
package func replaceFile(
    _ path: String, with content: [UInt8], mode: UInt32 = 0o600, isDurable: Bool = true
) throws(SystemError) {
    let directory = try openParent(of: path, making: true)
    let name = RawName(path).basename
    let prepared = RawName(bytes: Array(".".utf8) + name.bytes + Array(".new".utf8))
    do throws(SystemError) {
        let file = try directory.open(prepared, [.writeOnly, .create, .truncate, .noFollow, .nonBlocking])
        // Whatever the umask.
        try file.changeMode(mode)
        try file.writeAll(content)
        if isDurable { try file.sync() }
        try directory.rename(prepared, to: name)
    } catch {
        try? directory.unlink(prepared)
        throw error
    }
    if isDurable { try directory.sync() }
}

/// The whole content of a regular file.
///
/// - Returns: nil where there is no such file.
/// - Throws: `.fileTooLarge` where it has more than `limit` bytes, `.invalid` where it is no regular file.
package func readFile(_ path: String, limit: Int) throws(SystemError) -> [UInt8]? {
    do throws(SystemError) {
        // Non-blocking: a FIFO would wait for its writer.
        let file = try Descriptor.open(path, [.readOnly, .nonBlocking, .noControllingTerminal])
        guard try file.status().kind == .regular else {
            throw SystemError(code: .invalid, call: .read, subject: path)
        }
        guard let bytes = try file.readAll(limit: limit) else {
            throw SystemError(code: .fileTooLarge, call: .read, subject: path)
        }
        return bytes
    } catch {
        if error.code == .notFound { return nil }
        throw error
    }
}

/// Renames a file that cannot be used to `….bad`, or `….bad-2` and so on where that is taken.
///
/// - Returns: its path then.
package func setFileAside(_ path: String) throws(SystemError) -> String {
    let directory = try openParent(of: path, making: false)
    let name = RawName(path).basename
    var last = SystemError(code: .exists, call: .renameat, subject: path)
    for number in 1...99 {
        let suffix = number == 1 ? ".bad" : ".bad-\(number)"
        do throws(SystemError) {
            try directory.renameWithoutReplacing(name, to: RawName(bytes: name.bytes + Array(suffix.utf8)))
            try directory.sync()
            return path + suffix
        } catch {
            guard error.code == .exists else { throw error }
            last = error
        }
    }
    throw last
}

private func openParent(of path: String, making: Bool) throws(SystemError) -> Descriptor {
    let directory = parentDirectory(of: path)
    do throws(SystemError) {
        return try Descriptor.open(directory, [.readOnly, .directory])
    } catch {
        guard making, error.code == .notFound else { throw error }
        try makeDirectories(directory, mode: 0o700)
        return try Descriptor.open(directory, [.readOnly, .directory])
    }
}
