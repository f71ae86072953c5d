internal import PassimCore
internal import PassimSystem

/// A file that is held open for writing, as a program does that writes piece by piece.
package final class HeldFile {
    private var file: Descriptor?

    /// Makes the file, or opens it to append to it.
    package init(_ tree: TemporaryTree, _ path: some TreePath) throws {
        file = try tree.open(path, [.writeOnly, .create, .append])
    }

    package func write(_ text: String) throws {
        try write(Array(text.utf8))
    }

    package func write(_ bytes: [UInt8]) throws {
        guard file != nil else { throw TestFailure("the file is closed") }
        try file!.writeAll(bytes)
    }

    var inode: UInt64 {
        get throws {
            guard file != nil else { throw TestFailure("the file is closed") }
            return try file!.status().identity.inode
        }
    }

    /// close(2); the second call does nothing.
    package func close() {
        file = nil
    }
}
