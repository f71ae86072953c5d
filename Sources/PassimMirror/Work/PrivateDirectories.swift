package import PassimCore
internal import PassimSystem

/// The daemon's own directories: state, log, cache and configuration, of which nothing is ever shared, whatever path leads
/// there.
///
/// They are known by device and inode, so that symlinks and bind mounts do not hide them. One that is made later, or
/// replaced, is known from the next `refresh`; one that was known stays private.
package final class PrivateDirectories: Sendable {
    private let paths: [String]
    private let known = Lock<Set<InodeID>>([])

    /// - Parameter paths: absolute; symlinks are followed.
    package init(_ paths: [String] = []) {
        self.paths = paths
        refresh()
    }

    /// Looks where the paths lead now.
    package func refresh() {
        for path in paths {
            guard let directory = try? Descriptor.open(path, [.path, .directory]),
                let status = try? directory.status()
            else { continue }
            known.withLock { _ = $0.insert(InodeID(status.identity)) }
        }
    }

    /// - Parameter directory: of a directory.
    package func contains(_ directory: FileIdentity) -> Bool {
        known.withLock { $0.contains(InodeID(directory)) }
    }
}
