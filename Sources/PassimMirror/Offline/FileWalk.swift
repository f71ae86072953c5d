internal import PassimConfig
internal import PassimCore
internal import PassimSystem

/// A visitor of the files of a tree.
protocol FileVisitor {
    /// A regular file that the drop-in accepts.
    ///
    /// - Parameters:
    ///   - directory: open as a place at least.
    ///   - path: of the file, relative to the root.
    mutating func visit(
        _ name: RawName, in directory: borrowing Descriptor, _ path: RawName, _ status: FileStatus
    ) throws(SystemError)

    /// This file or directory could not be read, or `visit` threw that. Not called for what has gone meanwhile.
    mutating func failed(_ path: RawName, _ error: SystemError)

    /// The directory is one of the daemon's own, and left out.
    mutating func leftOut(_ path: RawName)
}

/// Goes through a directory on the calling thread, by the rules of a scan: no symlink is followed, and what the
/// drop-in excludes is left out.
enum FileWalk {
    /// - Throws: where the directory itself cannot be read.
    static func run(
        _ root: borrowing Descriptor, _ dropIn: DropIn, besides privates: PrivateDirectories,
        _ visitor: inout some FileVisitor
    ) throws(SystemError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32768, alignment: 8)
        defer { buffer.deallocate() }
        var waiting: [RawName] = []
        try list(root, .empty, dropIn, privates, buffer, &waiting, &visitor)
        while let path = waiting.popLast() {
            do throws(SystemError) {
                try list(root, path, dropIn, privates, buffer, &waiting, &visitor)
            } catch {
                if error.meaning != .gone { visitor.failed(path, error) }
            }
        }
    }

    private static func list(
        _ root: borrowing Descriptor, _ path: RawName, _ dropIn: DropIn, _ privates: PrivateDirectories,
        _ buffer: UnsafeMutableRawBufferPointer, _ waiting: inout [RawName], _ visitor: inout some FileVisitor
    ) throws(SystemError) {
        let directory = try root.open(beneath: path, [.readOnly, .directory])
        if privates.contains(try directory.status().identity) { return visitor.leftOut(path) }
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
                let status = try directory.status(of: name)
                switch status.kind {
                case .directory:
                    if whole.bytes.withUnsafeBytes({ dropIn.entersBelow($0) }) { waiting.append(whole) }
                case .regular:
                    if dropIn.accepts(whole, entered: true) {
                        try visitor.visit(name, in: directory, whole, status)
                    }
                case .symbolicLink, .other: break
                }
            } catch {
                if error.meaning != .gone { visitor.failed(whole, error) }
            }
        }
    }
}
