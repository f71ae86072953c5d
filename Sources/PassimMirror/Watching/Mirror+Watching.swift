internal import Logging
internal import PassimConfig
internal import PassimCore
internal import PassimSystem
internal import Synchronization

/// What the mirror does when it is told that something happened.
struct MirrorWatch: WatchReport {
    let mirror: Mirror
    private let dropIns: @Sendable (Set<RawName>) -> Void
    /// When to read the drop-ins again.
    private let dropInsDue: Lock<UInt64?>
    private let dropInDirectory: String?

    init(
        _ mirror: Mirror, dropInDirectory: String?,
        onDropIns: @escaping @Sendable (Set<RawName>) -> Void
    ) {
        self.mirror = mirror
        self.dropInDirectory = dropInDirectory
        dropIns = onDropIns
        dropInsDue = Lock(nil)
    }

    func began(_ table: WatchTable, _ failure: SystemError?) {
        mirror.beganWatching(table)
        if let failure { return failed(failure) }
        if let dropInDirectory { table.follow(dropInDirectory, .dropIns, content: true) }
    }

    func failed(_ failure: SystemError) {
        mirror.logger.warning(
            "Nothing can be watched: changes are found by walking again; see the sysctl fs.inotify.max_user_instances",
            metadata: ["error": "\(failure)", "seconds": "\(Limits.pollingInterval / 1_000_000_000)"])
    }

    func troubled(_ failure: SystemError) {
        mirror.logger.warning(
            "Waiting for changes has failed, and goes on", metadata: ["error": "\(failure)"])
    }

    func nextDue(_ table: WatchTable) -> UInt64? {
        [table.nextDeadline, dropInsDue.withLock { $0 }].compactMap { $0 }.min()
    }

    func tell(_ table: WatchTable, now: UInt64) {
        let (findings, notes) = table.takeFindings()
        if !findings.isEmpty {
            for note in notes {
                mirror.note(note.names, in: note.path, of: note.origin, after: Limits.gatheringTime)
            }
            for follower in findings.followers {
                switch follower {
                case .origin(let origin): mirror.lookAtRoot(of: origin)
                case .dropIns:
                    if let dropInDirectory { table.follow(dropInDirectory, .dropIns, content: true) }
                    scheduleDropIns(at: now + Limits.gatheringTime)
                }
            }
            if findings.dropIns { scheduleDropIns(at: now + Limits.gatheringTime) }
            if findings.overflow { lose(table, now) }
        }
        readDropIns(table, now)
    }

    private func scheduleDropIns(at due: UInt64) {
        dropInsDue.withLock { $0 = min($0 ?? due, due) }
    }

    private func readDropIns(_ table: WatchTable, _ now: UInt64) {
        let isDue = dropInsDue.withLock { due in
            guard let time = due, time <= now else { return false }
            due = nil
            return true
        }
        if isDue { dropIns(table.unfinishedDropIns) }
    }

    /// Events were lost: whatever is watched may have changed, and is compared with what is known.
    private func lose(_ table: WatchTable, _ now: UInt64) {
        mirror.logger.notice("More has changed than inotify could tell; the directories are walked again")
        if let dropInDirectory { table.follow(dropInDirectory, .dropIns, content: true) }
        scheduleDropIns(at: now + Limits.gatheringTime)
        mirror.rescanAll(after: Limits.overflowDelay)
    }

    func mountsChanged(_ points: Set<RawName>) {
        mirror.volumes.forget()
        mirror.mountsChanged(points)
    }
}

extension Mirror {
    /// Says once that not everything can be watched, and again when it has got better and worse.
    func reportUnwatched() {
        guard let watches else { return }
        let (present, needed) = watches.watchCount
        guard needed > present, let failure = watches.lastFailure else {
            unwatchedReported.store(false, ordering: .relaxed)
            return
        }
        if unwatchedReported.exchange(true, ordering: .relaxed) { return }
        if failure == .noSpace {
            let limit = WatchLimit.current
            logger.warning(
                "Too few inotify watches: raise the sysctl; until then directories that are not watched are walked again and again",
                metadata: [
                    "sysctl": "\(limit.name)", "now": "\(limit.value.map(String.init) ?? "unknown")",
                    "needed": "\(needed)", "seconds": "\(Limits.pollingInterval / 1_000_000_000)",
                ])
        } else {
            logger.warning(
                "Some directories cannot be watched and are walked again and again",
                metadata: ["directories": "\(needed - present)", "error": "\(failure.sentence)"])
        }
    }

    /// Something was mounted or unmounted at these absolute paths.
    func mountsChanged(_ points: Set<RawName>) {
        if points.isEmpty { return }
        for origin in allOrigins {
            let (path, dropIn) = origin.state.withLock { ($0.realPath, $0.dropIn.path) }
            guard let path else {
                lookAtRoot(of: origin.id)
                continue
            }
            for point in points {
                if path.relative(to: point) != nil || RawName(dropIn).relative(to: point) != nil {
                    lookAtRoot(of: origin.id)
                } else if let below = point.relative(to: path), !below.isEmpty {
                    note([below.basename: .thorough], in: below.parent, of: origin.id)
                }
            }
        }
    }
}
