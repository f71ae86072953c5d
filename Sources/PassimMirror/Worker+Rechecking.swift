internal import Logging
internal import PassimConfig
internal import PassimCore
internal import PassimIndex
internal import PassimSystem

extension Worker {
    /// Looks at one path of an origin: a file is hashed, a directory walked, and what is not there any more
    /// is removed. (Of a directory's names that are gone while it is still there, each is to be told, or the
    /// next pass finds them.)
    func recheck(_ origin: Origin, _ path: RawName) {
        let (dropIn, root) = origin.state.withLock { ($0.dropIn, $0.root) }
        guard let root, !path.isEmpty else {
            // All of it; or nothing of it is shared now, and a pass begins with everything.
            if path.isEmpty { mirror.requestPass(origin) }
            return mirror.endRecheck(origin, path)
        }
        let walk = Walk(
            origin: origin, dropIn: dropIn, root: root, pass: nil, isFirst: false,
            started: mirror.clock.monotonic())
        let node = DirectoryNode(walk: walk, parent: nil, name: path.parent)
        let name = path.basename
        do throws(SystemError) {
            let directory = try root.descriptor.open(beneath: node.name, [.path, .directory, .noFollow])
            let status = try directory.status(of: name)
            switch status.kind {
            case .regular where dropIn.accepts(path):
                _ = mirror.index.removeAll(origin: origin.id, below: path)
                // It is in the table until it has been hashed.
                return queueRecheck(node, name, status.identity.size)
            case .directory where dropIn.entersDirectory(path):
                removeFile(origin, path)
                walk.addFiles(1)
                walk.addListing(1)
                let below = DirectoryNode(walk: walk, parent: node, name: name)
                mirror.push(.directory(DirectoryJob(below)))
            default:
                removeAll(origin, path)
            }
        } catch {
            switch error.meaning {
            case .gone, .forbidden: removeAll(origin, path)
            case .shortage: return mirror.push(.recheck(origin, path), after: backOff(4))
            case .fault:
                mirror.logger.debug(
                    "A path cannot be looked at", metadata: ["path": "\(path)", "error": "\(error)"])
            }
        }
        mirror.endRecheck(origin, path)
    }

    private func queueRecheck(_ node: DirectoryNode, _ name: RawName, _ size: UInt64) {
        var names = NameCollector(directory: node)
        let offset = names.add(name, .regular)
        // One name makes one block.
        let job = FileJob(
            names.finish()[0], at: offset, size: size, marks: [.recheck, .distrusted])
        node.walk.origin.addPending([job])
        mirror.push([job])
    }

    private func removeFile(_ origin: Origin, _ path: RawName) {
        let directory = mirror.index.directory(origin: origin.id, path: path.parent)
        mirror.apply([.remove(directory: directory, name: path.basename)], of: origin)
    }

    private func removeAll(_ origin: Origin, _ path: RawName) {
        removeFile(origin, path)
        _ = mirror.index.removeAll(origin: origin.id, below: path)
    }
}
