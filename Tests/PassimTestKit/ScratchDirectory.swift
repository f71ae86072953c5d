internal import Glibc
internal import PassimCore
package import PassimSystem

/// A temporary directory that goes with the value, whatever is in it and however deep.
package final class ScratchDirectory: Sendable {
    /// Absolute, without symlinks in it as far as /tmp has none.
    package let path: String

    package init() {
        var template = Array("/tmp/passim-test.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("mkdtemp: \(errno)") }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    deinit {
        // Past PATH_MAX the paths of nftw(3) do not reach; descriptors do.
        if let root = try? open() { try? ScratchDirectory.empty(root) }
        rmdir(path)
    }

    /// The directory itself.
    package func open() throws(SystemError) -> Descriptor {
        try Descriptor.open(path, [.readOnly, .directory])
    }

    /// Writes a file, and makes the directories above it.
    ///
    /// - Returns: its full path.
    @discardableResult
    package func write(_ name: String, _ content: [UInt8], mode: UInt32 = 0o644) throws(SystemError) -> String
    {
        let full = "\(path)/\(name)"
        if let slash = full.lastIndex(of: "/") {
            try makeDirectories(String(full[..<slash]), mode: 0o755)
        }
        let file = try Descriptor.open(full, [.writeOnly, .create, .truncate], mode: mode)
        try file.writeAll(content)
        return full
    }

    @discardableResult
    package func write(_ name: String, _ content: String) throws(SystemError) -> String {
        try write(name, Array(content.utf8))
    }

    /// Makes a directory and those above it.
    @discardableResult
    package func makeDirectory(_ name: String) throws(SystemError) -> String {
        try makeDirectories("\(path)/\(name)", mode: 0o755)
        return "\(path)/\(name)"
    }

    package func makeSymlink(_ name: String, to target: String) {
        precondition(symlink(target, "\(path)/\(name)") == 0, "symlink: \(errno)")
    }

    package func makeFIFO(_ name: String) {
        precondition(mkfifo("\(path)/\(name)", 0o644) == 0, "mkfifo: \(errno)")
    }

    private static func empty(_ directory: borrowing Descriptor) throws(SystemError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32768, alignment: 8)
        defer { buffer.deallocate() }
        var names: [RawName] = []
        try directory.forEachName(buffer: buffer) { (bytes, _) throws(SystemError) in
            names.append(RawName(bytes))
        }
        for name in names {
            do throws(SystemError) {
                try directory.unlink(name)
            } catch {
                if error.code != .isDirectory { throw error }
                let below = try directory.open(name, [.readOnly, .directory, .noFollow])
                try empty(below)
                _ = directory.lend { number in
                    name.withCString { unlinkat(number, $0, AT_REMOVEDIR) }
                }
            }
        }
    }
}
