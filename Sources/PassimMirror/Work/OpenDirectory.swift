internal import PassimCore
package import PassimSystem

/// A directory held open for as long as somebody works in it.
final class OpenDirectory: Sendable {
    let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }
}

/// A file or directory by device and inode, whatever its name.
struct InodeID: Hashable {
    var device: UInt64
    var inode: UInt64

    init(_ identity: FileIdentity) {
        device = identity.device
        inode = identity.inode
    }

    init(of directory: borrowing Descriptor) throws(PathWalk.Failure) {
        do throws(SystemError) {
            self.init(try directory.status().identity)
        } catch {
            throw .system(error)
        }
    }
}
