internal import Glibc
package import PassimCore
internal import PassimSystem

/// A directory for one test, gone with the last reference, whatever the test made of it.
///
/// Paths are relative to it and may be longer than PATH_MAX.
package final class TemporaryTree: Sendable {
    /// Absolute.
    package let path: String
    private let root: Descriptor

    /// Made in $TMPDIR or /tmp, with mode 0755: daemons of other users can get in.
    ///
    /// - Parameter parent: a directory to make it in instead.
    package init(in parent: String? = nil) throws {
        let parent = parent ?? getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/passim-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestFailure(errnoWhile: "mkdtemp in \(parent)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        Leavings.add(tree: path)
        chmod(path, 0o755)
        root = try Descriptor.open(path, [.readOnly, .directory])
    }

    deinit {
        defer { Leavings.forget(tree: path) }
        // rm goes by descriptors: at any depth. Only directories without permissions stop it.
        if let outcome = try? Command.run(["rm", "-rf", "--one-file-system", path]), outcome.succeeded {
            return
        }
        _ = try? Command.run(["chmod", "-R", "u+rwx", path])
        _ = try? Command.run(["rm", "-rf", "--one-file-system", path])
    }

    /// Absolute, for what takes paths and is short enough for them.
    package func absolute(_ relative: String) -> String {
        relative.isEmpty ? path : "\(path)/\(relative)"
    }

    /// Lends the directory of a path and its last component, opened at any depth.
    private func inParent<Result>(
        of path: some TreePath, _ action: String, _ body: (Int32, UnsafePointer<CChar>) -> Result?
    ) throws -> Result {
        let parent = try root.open(beneath: path.raw.parent, [.path, .directory])
        let number = parent.lend { $0 }
        let result = path.raw.basename.withCString { body(number, $0) }
        guard let result else { throw TestFailure(errnoWhile: "\(action) \(path)") }
        return result
    }

    private func call(_ path: some TreePath, _ action: String, _ body: (Int32, UnsafePointer<CChar>) -> Int32)
        throws
    {
        try inParent(of: path, action) { body($0, $1) == 0 ? () : nil }
    }

    /// mkdirat(2) of a path and all that is missing above it.
    package func makeDirectory(_ path: some TreePath, mode: UInt32 = 0o755) throws {
        let raw = path.raw
        if raw.isEmpty { return }
        do {
            try makeDirectoryItself(raw, mode)
        } catch let error as SystemError where error.code == .notFound {
            try makeDirectory(raw.parent)
            try makeDirectoryItself(raw, mode)
        }
    }

    private func makeDirectoryItself(_ raw: RawName, _ mode: UInt32) throws {
        let parent = try root.open(beneath: raw.parent, [.path, .directory])
        do throws(SystemError) {
            try parent.makeDirectory(raw.basename, mode: mode)
        } catch {
            // As mkdir -p.
            if error.code != .exists { throw error }
        }
    }

    /// Writes a file in place (same inode), making what is missing above it.
    package func write(_ path: some TreePath, _ bytes: [UInt8], mode: UInt32 = 0o644) throws {
        try makeDirectory(path.raw.parent)
        let file = try open(path, [.writeOnly, .create, .truncate], mode: mode)
        try file.writeAll(bytes)
    }

    package func write(_ path: some TreePath, _ text: String, mode: UInt32 = 0o644) throws {
        try write(path, Array(text.utf8), mode: mode)
    }

    package func append(_ path: some TreePath, _ bytes: [UInt8]) throws {
        let file = try open(path, [.writeOnly, .append])
        try file.writeAll(bytes)
    }

    func open(_ path: some TreePath, _ flags: OpenFlags, mode: UInt32 = 0o644) throws -> Descriptor {
        let parent = try root.open(beneath: path.raw.parent, [.path, .directory])
        return try parent.open(path.raw.basename, flags, mode: mode)
    }

    package func read(_ path: some TreePath) throws -> [UInt8] {
        // There is no limit but memory.
        try open(path, .readOnly).readAll(limit: .max)!
    }

    /// What a directory holds, sorted by name.
    package func list(_ path: some TreePath) throws -> [RawName] {
        let directory = try root.open(beneath: path.raw, [.readOnly, .directory])
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32768, alignment: 8)
        defer { buffer.deallocate() }
        var names: [RawName] = []
        try directory.forEachName(buffer: buffer) { (bytes, _) throws(SystemError) in
            names.append(RawName(bytes))
        }
        return names.sorted()
    }

    package func exists(_ path: some TreePath) -> Bool {
        (try? status(path)) != nil
    }

    /// Of the file itself, also where it is a symlink.
    package func status(_ path: some TreePath) throws -> FileFacts {
        try inParent(of: path, "stat") { parent, name in
            var status = stat()
            return fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? FileFacts(status) : nil
        }
    }

    /// Makes or cuts a file to a size without writing its bytes (ftruncate(2)).
    package func truncate(_ path: some TreePath, to size: UInt64) throws {
        try makeDirectory(path.raw.parent)
        let file = try open(path, [.writeOnly, .create])
        guard file.lend({ ftruncate($0, off_t(size)) }) == 0 else {
            throw TestFailure(errnoWhile: "ftruncate \(path)")
        }
    }

    /// Writes into a file at an offset, leaving the rest as it is.
    package func overwrite(_ path: some TreePath, at offset: UInt64, _ bytes: [UInt8]) throws {
        let file = try open(path, .writeOnly)
        guard file.lend({ pwrite($0, bytes, bytes.count, off_t(offset)) }) == bytes.count else {
            throw TestFailure(errnoWhile: "pwrite \(path)")
        }
    }

    package func symlink(_ path: some TreePath, to target: String) throws {
        try makeDirectory(path.raw.parent)
        try call(path, "symlink") { symlinkat(target, $0, $1) }
    }

    package func fifo(_ path: some TreePath) throws {
        try makeDirectory(path.raw.parent)
        try call(path, "mkfifo") { mkfifoat($0, $1, 0o644) }
    }

    package func socket(_ path: some TreePath) throws {
        try makeDirectory(path.raw.parent)
        try call(path, "mknod") { mknodat($0, $1, S_IFSOCK | 0o644, 0) }
    }

    /// A hard link.
    package func link(_ old: some TreePath, to new: some TreePath) throws {
        try fromParent(of: old, to: new, "link") { linkat($0, $1, $2, $3, 0) }
    }

    package func rename(_ old: some TreePath, to new: some TreePath) throws {
        try fromParent(of: old, to: new, "rename") { renameat($0, $1, $2, $3) }
    }

    /// Each gets the other's name at once (RENAME_EXCHANGE of renameat2(2)).
    package func exchange(_ one: some TreePath, with other: some TreePath) throws {
        try fromParent(of: one, to: other, "exchange") { TemporaryTree.renameat2($0, $1, $2, $3, 1 << 1) }
    }

    /// glibc declares it only under _GNU_SOURCE.
    private static let renameat2: Renameat2 = {
        guard let symbol = dlsym(dlopen(nil, RTLD_NOW), "renameat2") else {
            fatalError("this C library has no renameat2")
        }
        return unsafeBitCast(symbol, to: Renameat2.self)
    }()

    private typealias Renameat2 =
        @convention(c) (CInt, UnsafePointer<CChar>, CInt, UnsafePointer<CChar>, CUnsignedInt) -> CInt

    private func fromParent(
        of old: some TreePath, to new: some TreePath, _ action: String,
        _ body: (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>) -> Int32
    ) throws {
        try inParent(of: old, action) { oldParent, oldName in
            let done: Void? = try? inParent(of: new, action) { newParent, newName in
                body(oldParent, oldName, newParent, newName) == 0 ? () : nil
            }
            return done
        }
    }

    /// unlinkat(2) of a file or an empty directory.
    package func remove(_ path: some TreePath) throws {
        let isDirectory = try status(path).isDirectory
        try call(path, "remove") { unlinkat($0, $1, isDirectory ? AT_REMOVEDIR : 0) }
    }

    package func changeMode(_ path: some TreePath, _ mode: UInt32) throws {
        try call(path, "chmod") { fchmodat($0, $1, mode_t(mode), 0) }
    }

    /// Needs root.
    package func changeOwner(_ path: some TreePath, _ user: UInt32) throws {
        try call(path, "chown") { fchownat($0, $1, user, user, AT_SYMLINK_NOFOLLOW) }
    }

    /// Sets mtime, and atime to the same.
    package func setModified(_ path: some TreePath, _ time: Timestamp) throws {
        let value = timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds))
        try call(path, "utimensat") { utimensat($0, $1, [value, value], AT_SYMLINK_NOFOLLOW) }
    }

    /// nil where there is none.
    package func attribute(_ name: StaticString, of path: some TreePath) throws -> String? {
        try open(path, .readOnly).attribute(name, limit: 4096).map { String(decoding: $0, as: UTF8.self) }
    }

    package func setAttribute(_ name: StaticString, of path: some TreePath, _ value: String) throws {
        try open(path, .readOnly).setAttribute(name, Array(value.utf8))
    }
}
