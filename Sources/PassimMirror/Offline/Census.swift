package import PassimConfig
internal import PassimCore
package import PassimSystem

/// Counts what a drop-in would share, without hashing or remembering any of it: for `--check-config`.
package struct Census: Sendable {
    package private(set) var files = 0
    package private(set) var bytes: UInt64 = 0
    /// Files and directories that cannot be read.
    package private(set) var unreadable = 0
    /// One of them.
    package private(set) var firstUnreadable: String?

    /// - Throws: where the directory itself cannot be opened.
    package init(of dropIn: DropIn) throws(SystemError) {
        try FileWalk.run(openRoot(of: dropIn.path), dropIn, &self)
    }
}

extension Census: FileVisitor {
    mutating func visit(
        _ name: RawName, in directory: borrowing Descriptor, _ path: RawName, _ status: FileStatus
    ) throws(SystemError) {
        _ = try directory.open(name, fileFlags)
        files += 1
        bytes += status.identity.size
    }

    mutating func failed(_ path: RawName, _ error: SystemError) {
        unreadable += 1
        if firstUnreadable == nil { firstUnreadable = "\(path): \(error.code.sentence)" }
    }
}
