internal import Logging
internal import PassimConfig
package import PassimCore
internal import PassimIndex
internal import PassimSystem

extension Mirror {
    /// Files that wait to be hashed, of all origins but those.
    package func pendingFiles(besides origins: Set<OriginID>) -> Int {
        look { state in
            state.origins.reduce(0) { sum, origin in
                origins.contains(origin.id) ? sum : sum + origin.progress.pendingFiles
            }
        }
    }

    /// The status of all drop-ins; those that could not be read come last.
    package var statuses: [DirectoryStatus] {
        let now = clock.monotonic()
        // The index has a lock of its own, which is not taken inside this one.
        let ids = look { $0.origins.map(\.id) }
        let totals = Dictionary(uniqueKeysWithValues: ids.map { ($0, index.totals(origin: $0)) })
        return look { state in
            state.origins.map { origin in
                let totals = totals[origin.id] ?? (0, 0)
                return origin.status(items: totals.files, bytes: totals.bytes, now: now)
            }
                + state.failures.map {
                    DirectoryStatus(dropIn: $0.name, path: $0.path, state: .failed($0.reason))
                }
        }
    }

    /// True if every directory that was configured at the start has been walked and hashed once.
    package var firstPassDone: Bool {
        look { state in
            if case .done = state.firstPass { return true }
            return false
        }
    }

    /// Calls `body` once, when `firstPassDone` becomes true: at once, or on a worker's thread.
    package func whenFirstPassDone(_ body: @escaping @Sendable () -> Void) {
        let isDone = look { state in
            switch state.firstPass {
            case .done: return true
            case .notConfigured(let waiters): state.firstPass = .notConfigured(waiters + [body])
            case .running(let rest, let waiters): state.firstPass = .running(rest, waiters + [body])
            }
            return false
        }
        if isDone { body() }
    }

    // MARK: - What is told

    /// A scan has come to its end.
    func endScan(_ turn: Turn, _ scan: Scan) {
        let origin = turn.origin
        cache.store?.flush()
        cache.store?.prune()
        let totals = index.totals(origin: origin.id)
        tellWhetherMounted(origin, isEmpty: totals.files == 0)
        let (isAgain, dropIn) = change { state, now in
            (state.endScan(origin, scan, now: now), origin.dropIn)
        }
        if origin.isRemoved { return }
        count { $0.passes += 1 }
        if scan.removedFiles > 0 {
            logger.info(
                "Files are gone", metadata: ["path": "\(dropIn.path)", "files": "\(scan.removedFiles)"])
        }
        logger.info(
            "Scanned",
            metadata: [
                "path": "\(dropIn.path)", "files": "\(totals.files)", "bytes": "\(totals.bytes)",
                "hashed": "\(scan.hashedFiles)",
                "ms": "\((clock.monotonic() - scan.started) / 1_000_000)",
            ])
        tellUnreadable(origin)
        reportUnwatched()
        if !isAgain { scheduleScan(origin) }
        endFirstPass(of: [origin.id])
    }

    /// As configured; and sooner where something cannot be watched.
    func scheduleScan(_ origin: Origin) {
        change { state, now in
            let wanted = origin.unwatched > 0 ? max(Limits.pollingInterval, 20 * origin.scanDuration) : nil
            let delay = [wanted, origin.scanInterval].compactMap { $0 }.min()
            if let delay { state.scheduleScan(origin, after: delay, keepsEarlier: false, now: now) }
        }
    }

    /// An operator hears of the same trouble once: scans may be seconds apart, and a disk that is failing has other
    /// files fail each time.
    func tellUnreadable(_ origin: Origin) {
        let (unreadable, isNews, dropIn) = change { _, now in
            let isNews = origin.unreadable.isNews(now)
            return (origin.unreadable, isNews, origin.dropIn)
        }
        guard unreadable.count > 0 else { return }
        logger.log(
            level: isNews ? .warning : .debug, "Some files or directories cannot be read and are not shared",
            metadata: [
                "path": "\(dropIn.path)", "count": "\(unreadable.count)", "first": "\(unreadable.first)",
            ])
    }

    /// Tells once of each drop-in that inode numbers do not last on a file system in it.
    func tellNumberless(_ volume: Volume, _ origin: Origin, _ dropIn: DropIn) {
        let isNews = look { _ in
            defer { origin.numberlessType = volume.type }
            return origin.numberlessType == nil
        }
        guard isNews else { return }
        logger.notice(
            "Inode numbers do not last on this file system: its files are told by path, size and times",
            metadata: ["path": "\(dropIn.path)", "drop-in": "\(dropIn.name)", "type": "\(volume.type)"])
    }

    /// A directory without a file, on another file system than the files were on, is what is left when that one
    /// has been unmounted.
    private func tellWhetherMounted(_ origin: Origin, isEmpty: Bool) {
        let (isMissing, dropIn) = change { _, _ in
            let device = origin.rootInode?.device
            guard isEmpty, origin.outcome == .scanning, let known = origin.device, known != device else {
                if !isEmpty { origin.device = device }
                return (false, origin.dropIn)
            }
            origin.outcome = .missing
            return (true, origin.dropIn)
        }
        if isMissing {
            logger.warning(
                "The directory is empty and on another file system than before: is its disk mounted?",
                metadata: ["path": "\(dropIn.path)", "drop-in": "\(dropIn.name)"])
        }
    }
}

extension Origin.Unreadable {
    /// True if an operator is to hear of it, who then has.
    fileprivate mutating func isNews(_ now: UInt64) -> Bool {
        guard count > 0 else {
            told = 0
            return false
        }
        let silence = told == 0 ? Limits.unreadableAgain : Limits.unreadableStill
        let isOld = toldAt.map { now - $0 >= silence } ?? true
        let isMuchMore = told > 0 && count > 2 * told
        guard isOld || isMuchMore else { return false }
        told = count
        toldAt = now
        return true
    }
}
