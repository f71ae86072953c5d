internal import Logging
internal import PassimConfig
internal import PassimCore
internal import PassimIndex
internal import PassimSystem

extension Worker {
    /// Opens an origin's directory and queues it to be walked.
    func beginPass(_ origin: Origin) {
        let plan = origin.state.withLock { state -> (dropIn: DropIn, isFirst: Bool)? in
            state.requested = false
            if state.walk != nil || state.beginning {
                state.again = true
                return nil
            }
            state.beginning = true
            return (state.dropIn, state.passesDone == 0)
        }
        guard let (dropIn, isFirst) = plan else { return }
        let root: OpenDirectory
        do throws(SystemError) {
            root = try open(dropIn.path, instead: origin.state.withLock { $0.root })
        } catch {
            return failedToBegin(origin, error)
        }
        let pass = mirror.index.beginPass(origin: origin.id)
        let walk = Walk(
            origin: origin, dropIn: dropIn, root: root, pass: pass, isFirst: isFirst,
            started: mirror.clock.monotonic())
        origin.state.withLock { state in
            state.root = root
            state.walk = walk
            state.outcome = .scanning
            state.tries = 0
            state.beginning = false
            // What was asked for meanwhile may be another filter.
            if state.again { walk.cancel() }
        }
        mirror.logger.debug("Scanning", metadata: ["path": "\(dropIn.path)"])
        walk.addFiles(1)
        walk.addListing(1)
        mirror.push(.directory(DirectoryJob(DirectoryNode(walk: walk, parent: nil, name: .empty))))
    }

    /// The root as it is now; the same object while it is the same directory.
    private func open(
        _ path: String, instead old: OpenDirectory?
    ) throws(SystemError) -> OpenDirectory {
        let root = try openRoot(of: path)
        // The old one may be stale, and says so.
        guard let old, let known = try? old.descriptor.status().identity else { return OpenDirectory(root) }
        let found = try root.status().identity
        return found.device == known.device && found.inode == known.inode ? old : OpenDirectory(root)
    }

    private func failedToBegin(_ origin: Origin, _ error: SystemError) {
        let (tries, again) = origin.state.withLock { state in
            state.beginning = false
            state.tries += 1
            defer { state.again = false }
            return (state.tries, state.again)
        }
        if again { return mirror.requestPass(origin) }
        if error.meaning == .shortage, tries < Limits.shortageTries {
            return mirror.requestPass(origin, after: backOff(tries))
        }
        let outcome: DirectoryStatus.State =
            switch error.code {
            case .notFound: .missing
            case .notDirectory: .failed("not a directory")
            default: .failed(error.code.sentence)
            }
        let wasKnown = origin.state.withLock { state in
            defer {
                state.outcome = outcome
                state.tries = 0
            }
            return state.outcome == outcome
        }
        let path = origin.path
        let dropIn = origin.state.withLock { $0.dropIn.name }
        if !wasKnown {
            if outcome == .missing {
                mirror.logger.warning(
                    "The directory is not there; nothing of it is shared",
                    metadata: ["path": "\(path)", "drop-in": "\(dropIn)"])
            } else {
                mirror.logger.warning(
                    "The directory cannot be opened",
                    metadata: ["path": "\(path)", "drop-in": "\(dropIn)", "error": "\(error)"])
            }
        }
        // A fault of disk or network tells nothing about what is there.
        if error.meaning != .fault && error.meaning != .shortage {
            _ = mirror.index.removeAll(origin: origin.id)
            origin.state.withLock { $0.root = nil }
        }
        scheduleRescan(origin, afterFault: error.meaning == .fault)
        mirror.endFirstPass(of: [origin.id])
    }

    /// A directory or a batch of names is done with.
    func endListing(_ walk: Walk) {
        guard walk.endListing() else { return }
        let unreadable = walk.unreadable.withLock { $0 }
        if let pass = walk.pass {
            if walk.isCancelled || unreadable.fault {
                mirror.index.abandonPass(pass)
            } else {
                let removed = mirror.index.endPass(pass)
                if removed > 0 {
                    mirror.logger.info(
                        "Files are gone", metadata: ["path": "\(walk.dropIn.path)", "files": "\(removed)"])
                }
            }
        }
        endFiles(walk, 1)
    }

    /// Files that the walk waited for are done with, or it waits for them no longer.
    func endFiles(_ walk: Walk, _ count: Int) {
        if count > 0, walk.endFiles(count), walk.pass != nil { endPass(walk) }
    }

    private func endPass(_ walk: Walk) {
        let origin = walk.origin
        let unreadable = walk.unreadable.withLock { $0 }
        let cancelled = walk.isCancelled
        let again = origin.state.withLock { state in
            state.walk = nil
            if !cancelled {
                state.passesDone += 1
                // The root's own failure has been told already.
                if state.outcome == .scanning { state.outcome = .ready }
            }
            defer { state.again = false }
            return state.again
        }
        if origin.isRemoved { return }
        if cancelled { return mirror.requestPass(origin) }
        origin.progress.withLock { $0.unreadable = unreadable.count }
        mirror.count { $0.passes += 1 }
        mirror.cache.store?.flush()
        mirror.cache.store?.prune()
        let totals = mirror.index.totals(origin: origin.id)
        let milliseconds = (mirror.clock.monotonic() - walk.started) / 1_000_000
        mirror.logger.info(
            "Scanned",
            metadata: [
                "path": "\(walk.dropIn.path)", "files": "\(totals.files)", "bytes": "\(totals.bytes)",
                "hashed": "\(walk.hashedFiles)", "ms": "\(milliseconds)",
            ])
        if unreadable.count > 0 {
            mirror.logger.warning(
                "Some files or directories cannot be read and are not shared",
                metadata: [
                    "path": "\(walk.dropIn.path)", "count": "\(unreadable.count)",
                    "first": "\(unreadable.first)",
                ])
        }
        if again {
            mirror.requestPass(origin)
        } else {
            scheduleRescan(origin, afterFault: unreadable.fault)
        }
        mirror.endFirstPass(of: [origin.id])
    }

    /// As configured; and after a fault, because what is gone could not be told from what failed.
    private func scheduleRescan(_ origin: Origin, afterFault: Bool) {
        let interval = origin.state.withLock { $0.dropIn.rescanInterval }
        let seconds = afterFault ? (interval > 0 ? min(interval, 300) : 300) : interval
        if seconds > 0 { mirror.scheduleRescan(origin, after: UInt64(seconds) * 1_000_000_000) }
    }
}
