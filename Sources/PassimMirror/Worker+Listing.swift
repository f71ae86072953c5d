internal import PassimConfig
internal import PassimCore
internal import PassimIndex
internal import PassimSystem

extension Worker {
    /// Lists a directory: sub-directories are queued, its files compared with what is known.
    func list(_ job: DirectoryJob) {
        let walk = job.walk
        if walk.isCancelled { return endListing(walk) }
        let node = job.makeNode()
        let path = path(of: node)
        let directory: OpenDirectory
        do throws(SystemError) {
            directory = try open(node, path, [.readOnly, .directory, .noFollow, .nonBlocking])
            if try isPrivate(directory.descriptor, path, walk) { return endListing(walk) }
        } catch {
            return failedToList(job, node, path, error)
        }
        if let table = mirror.watches, !enter(directory, node, path, table) {
            // It is not where it was: whatever has taken its place is told.
            return endListing(walk)
        }
        current = (node, directory, path)
        var files = NameCollector(directory: node)
        var directories = NameCollector(directory: node)
        var relative = RelativePath(in: path)
        do throws(SystemError) {
            try directory.descriptor.forEachName(buffer: listBuffer) { name, kind in
                switch kind {
                case .regular:
                    if relative.with(name, { walk.dropIn.acceptsBelow($0) }) { files.add(name, kind) }
                case .directory:
                    if relative.with(name, { walk.dropIn.entersBelow($0) }) {
                        directories.add(name, kind)
                    }
                case .unknown: files.add(name, kind)
                case .symbolicLink, .other: break
                }
            }
        } catch {
            // What came before the error is good; a directory that went away meanwhile is no error.
            if error.meaning != .gone {
                walk.noteUnreadable("\(path): \(error.code.sentence)", fault: true)
            }
        }
        var blocks = files.finish()
        let last = blocks.popLast()
        queue(blocks, directories.finish(), of: walk)
        if let last {
            check(BatchJob(block: last), in: directory, path)
        } else {
            endListing(walk)
        }
    }

    /// Watches a directory from now on, before its names are read.
    ///
    /// - Returns: false where the one above is gone from its path.
    private func enter(
        _ directory: OpenDirectory, _ node: DirectoryNode, _ path: RawName, _ table: WatchTable
    ) -> Bool {
        let entered: WatchTable.Entered
        if path.isEmpty {
            entered = table.enter(directory.descriptor, rootOf: node.walk.origin.id)
            forgetIfRemoved(node.walk.origin)
        } else {
            guard let parent = node.parent?.watch else { return false }
            entered = table.enter(
                directory.descriptor, path.basename, below: parent,
                isSearchable: directory.descriptor.isSearchable)
        }
        switch entered {
        case .known(let watch), .new(let watch):
            node.watch = watch
            if path.isEmpty || isStillThere(directory, node, path) { return true }
            // It was moved away between being opened and being watched, and who looked at what came in its
            // place may have been there before us.
            table.retire(watch)
            mirror.note([path.basename: .thorough], in: path.parent, of: node.walk.origin.id)
            return false
        case .gone: return false
        }
    }

    /// Whether the name of a directory leads to it. If so once it is watched, then whatever becomes of the
    /// name later is told.
    private func isStillThere(_ directory: OpenDirectory, _ node: DirectoryNode, _ path: RawName) -> Bool {
        do throws(SystemError) {
            let found: FileStatus
            if let current, let parent = node.parent, current.node === parent {
                found = try current.directory.descriptor.status(of: node.name)
            } else {
                let flags: OpenFlags = [.path, .directory, .noFollow]
                found = try node.walk.root.descriptor.open(beneath: path, flags).status()
            }
            return RootIdentity(found.identity) == RootIdentity(try directory.descriptor.status().identity)
        } catch {
            // Whatever it is, who looks at the name will find it too.
            return false
        }
    }

    /// The batches and the directories, which the walk now waits for.
    func queue(_ batches: [NameBlock], _ directories: [NameBlock], of walk: Walk) {
        var jobs: [DirectoryJob] = []
        jobs.reserveCapacity(directories.reduce(0) { $0 + $1.count })
        for block in directories {
            block.forEach { offset, _, _ in
                jobs.append(DirectoryJob(block, at: offset))
                return true
            }
        }
        walk.addListing(batches.count + jobs.count)
        mirror.push(batches.map { BatchJob(block: $0) }, jobs, of: walk.origin)
    }

    /// Opens the directory of a node: from its parent, where that is open, else from the root.
    func open(
        _ node: DirectoryNode, _ path: RawName, _ flags: OpenFlags
    ) throws(SystemError) -> OpenDirectory {
        if path.bytes.count > Limits.longestPath {
            throw SystemError(code: .nameTooLong, call: .openat, subject: "\(path)")
        }
        if let current, let parent = node.parent, current.node === parent {
            return OpenDirectory(try current.directory.descriptor.open(node.name, flags))
        }
        return OpenDirectory(try node.walk.root.descriptor.open(beneath: path, flags))
    }

    private func failedToList(
        _ job: DirectoryJob, _ node: DirectoryNode, _ path: RawName, _ error: SystemError
    ) {
        let walk = job.walk
        switch error.meaning {
        case .gone:
            // Not there when its turn came: what it had is removed at the end of the walk.
            break
        case .shortage where job.tries < Limits.shortageTries:
            return mirror.push(
                .directory(DirectoryJob(node, tries: job.tries + 1)), after: backOff(job.tries))
        case .shortage, .fault:
            walk.noteUnreadable("\(path): \(error.code.sentence)", fault: true)
        case .forbidden:
            walk.noteUnreadable("\(path): \(error.code.sentence)")
            // What is in it is forgotten, so it must be new when it can be read again.
            if let table = mirror.watches, let watch = table.find(walk.origin.id, path) {
                table.retire(watch)
            }
        }
        if path.isEmpty, error.meaning != .gone {
            walk.origin.state.withLock { $0.outcome = .failed(error.code.sentence) }
        }
        endListing(walk)
    }
}
