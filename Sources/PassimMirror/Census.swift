package import PassimConfig
internal import PassimCore
package import PassimSystem

/// Counts what a drop-in would share, without hashing or remembering any of it: for `--check-config`.
///
/// The same rules as a scan: no symlink is followed, and what the drop-in excludes is left out.
package struct Census: Sendable {
    package private(set) var files = 0
    package private(set) var bytes: UInt64 = 0
    /// Files and directories that cannot be read.
    package private(set) var unreadable = 0
    /// One of them.
    package private(set) var firstUnreadable: String?

    /// - Throws: where the directory itself cannot be opened.
    package init(of dropIn: DropIn) throws(SystemError) {
        let root = try openRoot(of: dropIn.path)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32768, alignment: 8)
        defer { buffer.deallocate() }
        var waiting = [RawName.empty]
        while let path = waiting.popLast() {
            do throws(SystemError) {
                try count(root, path, dropIn, buffer, &waiting)
            } catch {
                note(path, error)
            }
        }
    }

    private mutating func count(
        _ root: borrowing Descriptor, _ path: RawName, _ dropIn: DropIn,
        _ buffer: UnsafeMutableRawBufferPointer, _ waiting: inout [RawName]
    ) throws(SystemError) {
        let directory = try root.open(beneath: path, [.readOnly, .directory])
        var names: [RawName] = []
        try directory.forEachName(buffer: buffer) { (name, kind) throws(SystemError) in
            switch kind {
            case .regular, .directory, .unknown: names.append(RawName(name))
            case .symbolicLink, .other: break
            }
        }
        for name in names {
            let whole = path.appending(name)
            do throws(SystemError) {
                try look(directory, name, whole, dropIn, &waiting)
            } catch {
                note(whole, error)
            }
        }
    }

    private mutating func look(
        _ directory: borrowing Descriptor, _ name: RawName, _ path: RawName, _ dropIn: DropIn,
        _ waiting: inout [RawName]
    ) throws(SystemError) {
        let place = try directory.open(name, [.path, .noFollow])
        let status = try place.status()
        switch status.kind {
        case .directory:
            if dropIn.recursive, dropIn.entersDirectory(path) { waiting.append(path) }
        case .regular where dropIn.accepts(path):
            _ = try directory.open(name, [.readOnly, .noFollow, .nonBlocking, .noControllingTerminal])
            files += 1
            bytes += status.identity.size
        case .regular, .symbolicLink, .other: break
        }
    }

    private mutating func note(_ path: RawName, _ error: SystemError) {
        unreadable += 1
        if firstUnreadable == nil { firstUnreadable = "\(path): \(error.code.sentence)" }
    }
}
