internal import PassimCore
package import PassimSystem

/// A directory held open for as long as somebody works in it.
final class OpenDirectory: Sendable {
    let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }
}

/// Which directory a path leads to.
struct RootIdentity: Hashable {
    var device: UInt64
    var inode: UInt64

    init(_ identity: FileIdentity) {
        device = identity.device
        inode = identity.inode
    }
}

/// Opens a configured directory, as a place only: what is below is reached through it.
///
/// `path` itself, and what is above it, may be symlinks; nothing below is ever reached through one.
///
/// - Throws: `.notFound` where it is missing, `.notDirectory` where something else has its name.
package func openRoot(of path: String) throws(SystemError) -> Descriptor {
    try Descriptor.open(path, [.path, .directory])
}
