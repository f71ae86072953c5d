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
            state.rescanDue = nil
            if state.walk != nil || state.beginning {
                state.again = true
                return nil
            }
            state.beginning = true
            return (state.dropIn, state.passesDone == 0)
        }
        guard let (dropIn, isFirst) = plan else { return }
        let root: OpenDirectory
        let identity: RootIdentity
        do throws(SystemError) {
            // First: what changes while it is opened is told.
            follow(dropIn.path, of: origin)
            let place = try openRoot(of: dropIn.path)
            identity = RootIdentity(try place.status().identity)
            root = OpenDirectory(place)
        } catch {
            return failedToBegin(origin, error)
        }
        let isOther = origin.state.withLock { state in
            defer {
                state.root = identity
                state.openRoot = root
                state.realPath = try? root.descriptor.currentPath()
            }
            return state.root != identity
        }
        // Another directory: none of what is known is in it, and its stamps count as at the start.
        if isOther { _ = mirror.index.removeAll(origin: origin.id) }
        let pass = mirror.index.beginPass(origin: origin.id)
        let walk = Walk(
            origin: origin, dropIn: dropIn, root: root, rootIdentity: identity, scope: .whole, pass: pass,
            stamp: mirror.watches?.beginWalk() ?? 0, isFirst: isFirst || isOther,
            clock: mirror.clock)
        origin.progress.withLock { progress in
            progress.since = walk.started
            progress.bytesBefore = progress.hashedBytes
        }
        origin.state.withLock { state in
            state.walk = walk
            state.outcome = .scanning
            state.tries = 0
            state.beginning = false
            // What was asked for meanwhile may be another filter.
            if state.again { walk.cancel() }
        }
        mirror.cache.prepare(
            root.descriptor, mirror.volumes.volume(of: root.descriptor, device: identity.device))
        mirror.logger.debug("Scanning", metadata: ["path": "\(dropIn.path)"])
        walk.addFiles(1)
        walk.addListing(1)
        mirror.push(.directory(DirectoryJob(DirectoryNode(walk: walk, parent: nil, name: .empty))))
    }

    private func failedToBegin(_ origin: Origin, _ error: SystemError) {
        if error.meaning == .shortage {
            let tries = origin.state.withLock { state in
                state.tries += 1
                return state.tries
            }
            if tries < Limits.shortageTries {
                endBeginning(origin, retryAfter: backOff(tries))
                return
            }
        }
        let outcome: DirectoryStatus.State =
            switch error.code {
            case .notFound: .missing
            case .notDirectory: .failed("not a directory")
            default: .failed(error.code.sentence)
            }
        // A fault of disk or network tells nothing about what is there.
        let isGone = error.meaning != .fault && error.meaning != .shortage
        let (wasKnown, dropIn) = origin.state.withLock { state in
            defer {
                state.outcome = outcome
                state.tries = 0
                if isGone { state.loseRoot() }
                if error.isPassing { state.faultyPasses += 1 }
            }
            return (state.outcome == outcome, state.dropIn)
        }
        if !wasKnown { tell(outcome, dropIn, error) }
        if isGone {
            _ = mirror.index.removeAll(origin: origin.id)
            mirror.watches?.retireRoot(of: origin.id)
        }
        if endBeginning(origin) {
            scheduleRescan(origin, after: error.isPassing ? .fault : .pass(0))
        }
        mirror.endFirstPass(of: [origin.id])
    }

    /// No pass has begun. Until here none can, whoever asks: what the last root had must be forgotten before
    /// the next one's files come.
    ///
    /// - Returns: false where another try is due.
    @discardableResult
    private func endBeginning(_ origin: Origin, retryAfter delay: UInt64? = nil) -> Bool {
        let again = origin.state.withLock { state in
            state.beginning = false
            defer { state.again = false }
            return state.again
        }
        if again {
            mirror.requestPass(origin)
        } else if let delay {
            mirror.requestPass(origin, after: delay)
        } else {
            return true
        }
        return false
    }

    private func tell(_ outcome: DirectoryStatus.State, _ dropIn: DropIn, _ error: SystemError) {
        if outcome == .missing {
            mirror.logger.warning(
                "The directory is not there; nothing of it is shared",
                metadata: ["path": "\(dropIn.path)", "drop-in": "\(dropIn.name)"])
        } else {
            mirror.logger.warning(
                "The directory cannot be opened",
                metadata: ["path": "\(dropIn.path)", "drop-in": "\(dropIn.name)", "error": "\(error)"])
        }
    }

    /// A directory or a batch of names is done with.
    func endListing(_ walk: Walk) {
        guard walk.endListing() else { return }
        let unreadable = walk.unreadable.withLock { $0 }
        if let pass = walk.pass {
            if walk.isCancelled || unreadable.fault {
                mirror.index.abandonPass(pass)
            } else {
                let path = walk.scope.path ?? .empty
                let removed = mirror.index.endPass(pass, below: path)
                mirror.watches?.sweep(walk.origin.id, path, before: walk.stamp)
                if removed > 0, walk.isWhole {
                    mirror.logger.info(
                        "Files are gone", metadata: ["path": "\(walk.dropIn.path)", "files": "\(removed)"])
                }
            }
        }
        // What has come meanwhile was walked by rules that hold no more, and who looked at it found it known.
        if case .below(let path) = walk.scope, !isSelectedAsNow(walk) {
            mirror.note([path.basename: .thorough], in: path.parent, of: walk.origin.id)
        }
        endFiles(walk, 1)
    }

    /// Files that the walk waited for are done with, or it waits for them no longer.
    func endFiles(_ walk: Walk, _ count: Int) {
        guard count > 0, walk.endFiles(count) else { return }
        if walk.isWhole {
            endPass(walk)
        } else if walk.unreadable.withLock({ $0.passing }) {
            scheduleRescan(walk.origin, after: .fault)
        }
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
                if state.outcome == .scanning { state.outcome = .watching }
                state.faultyPasses = unreadable.passing ? state.faultyPasses + 1 : 0
                state.passDuration = mirror.clock.monotonic() - walk.started
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
        tellWhetherMounted(walk, isEmpty: totals.files == 0)
        let milliseconds = (mirror.clock.monotonic() - walk.started) / 1_000_000
        mirror.logger.info(
            "Scanned",
            metadata: [
                "path": "\(walk.dropIn.path)", "files": "\(totals.files)", "bytes": "\(totals.bytes)",
                "hashed": "\(walk.hashedFiles)", "ms": "\(milliseconds)",
            ])
        tell(unreadable, walk)
        mirror.reportUnwatched()
        if again {
            mirror.requestPass(origin)
        } else if unreadable.passing {
            scheduleRescan(origin, after: .fault)
        } else {
            scheduleRescan(origin, after: .pass(milliseconds * 1_000_000))
        }
        mirror.endFirstPass(of: [origin.id])
    }

    /// Of the same trouble an operator hears once: passes may be seconds apart, and a disk that is failing has other
    /// files fail each time.
    private func tell(_ unreadable: Walk.Unreadable, _ walk: Walk) {
        let now = mirror.clock.monotonic()
        let isNews = walk.origin.state.withLock { state in
            guard unreadable.count > 0 else {
                state.unreadableTold = 0
                return false
            }
            let silence = state.unreadableTold == 0 ? Limits.unreadableAgain : Limits.unreadableStill
            let isOld = state.unreadableToldAt.map { now - $0 >= silence } ?? true
            let isMuchMore = state.unreadableTold > 0 && unreadable.count > 2 * state.unreadableTold
            guard isOld || isMuchMore else { return false }
            state.unreadableTold = unreadable.count
            state.unreadableToldAt = now
            return true
        }
        guard unreadable.count > 0 else { return }
        mirror.logger.log(
            level: isNews ? .warning : .debug, "Some files or directories cannot be read and are not shared",
            metadata: [
                "path": "\(walk.dropIn.path)", "count": "\(unreadable.count)",
                "first": "\(unreadable.first)",
            ])
    }

    /// A directory without a file, on another file system than the files were on, is what is left when that one
    /// has been unmounted.
    private func tellWhetherMounted(_ walk: Walk, isEmpty: Bool) {
        let isMissing = walk.origin.state.withLock { state in
            guard isEmpty, state.outcome == .watching, let device = state.device,
                device != walk.rootIdentity.device
            else {
                if !isEmpty { state.device = walk.rootIdentity.device }
                return false
            }
            state.outcome = .missing
            state.passesDone = 0
            return true
        }
        if isMissing {
            mirror.logger.warning(
                "The directory is empty and on another file system than before: is its disk mounted?",
                metadata: ["path": "\(walk.dropIn.path)", "drop-in": "\(walk.dropIn.name)"])
        }
    }

    enum RescanReason {
        /// What is gone could not be told from what failed.
        case fault
        /// A pass that took so many nanoseconds.
        case pass(UInt64)
    }

    /// As configured; and sooner where something failed, or cannot be watched.
    func scheduleRescan(_ origin: Origin, after reason: RescanReason) {
        let (interval, faults, lastDuration) = origin.state.withLock {
            (UInt64($0.dropIn.rescanInterval) * 1_000_000_000, $0.faultyPasses, $0.passDuration)
        }
        let wanted: UInt64?
        var keepsEarlier = false
        switch reason {
        case .fault:
            // The first faulty pass counts already.
            let delay = min(Limits.afterFirstFault << UInt64(max(0, min(faults, 8) - 1)), Limits.afterFault)
            wanted = max(delay, 20 * lastDuration)
            keepsEarlier = true
        case .pass(let duration):
            let isUnwatched = (mirror.watches?.directories(of: origin.id).unwatched ?? 0) > 0
            wanted = isUnwatched ? max(Limits.pollingInterval, 20 * duration) : nil
        }
        let delay = [wanted, interval > 0 ? interval : nil].compactMap { $0 }.min()
        if let delay { mirror.scheduleRescan(origin, after: delay, keepsEarlier: keepsEarlier) }
    }
}
