internal import Logging
internal import PassimConfig
internal import PassimCore
internal import PassimIndex
internal import PassimSystem

extension Worker {
    /// Follows an origin's path, and begins a scan where that is wanted or it leads elsewhere than before.
    func root(_ turn: Turn, isScan: Bool) {
        let origin = turn.origin
        let dropIn = mirror.look { _ in origin.dropIn }
        do throws(PathWalk.Failure) {
            // Changes while it is opened are told.
            let root = OpenDirectory(
                try mirror.follow(dropIn.path, .origin(origin.id), by: mirror.pathWalk) { heartbeat.beat() })
            let key = try InodeID(of: root.descriptor)
            let volume = mirror.volumes.volume(of: root.descriptor, device: key.device)
            mirror.cache.prepare(root.descriptor, volume)
            let isSearchable = root.descriptor.isSearchable
            let watch = mirror.watch(root.descriptor)
            let realPath = try? root.descriptor.currentPath()
            let found = mirror.change { state, now in
                origin.openRoot = root
                origin.realPath = realPath
                return state.foundRoot(
                    turn, key, watch: watch, isSearchable: isSearchable, isScan: isScan, now: now)
            }
            if case .other(let watches, _, _) = found {
                mirror.unwatch(watches)
                // None of what is known is in it.
                forget(origin, .empty)
                mirror.change { state, now in
                    origin.volume = volume
                    state.beginRoot(origin, key, now: now)
                }
            }
            if isScan { mirror.logger.debug("Scanning", metadata: ["path": "\(dropIn.path)"]) }
            mirror.change { state, now in state.endRoot(origin, retry: nil, now: now) }
        } catch {
            switch error {
            case .system(let error): failed(turn, dropIn, error)
            case .refused(let reason): refuse(origin, dropIn, reason)
            }
        }
        // A node that was entered after the origin was removed is taken out again: either the removal came later, or its mark
        // is seen here.
        if origin.isRemoved {
            mirror.unwatch(mirror.change { state, now in state.remove(origin, now: now) })
        }
    }

    private func failed(_ turn: Turn, _ dropIn: DropIn, _ error: SystemError) {
        let origin = turn.origin
        let meaning = error.meaning
        let tries = mirror.change { _, _ in
            origin.tries = min(origin.tries + 1, 100)
            return origin.tries
        }
        if meaning == .shortage, tries < Limits.shortageTries {
            return mirror.change { state, now in state.endRoot(origin, retry: backOff(tries), now: now) }
        }
        let outcome: DirectoryStatus.State =
            switch error.code {
            case .notFound: .missing
            case .notDirectory: .failed("not a directory")
            default: .failed(error.code.sentence)
            }
        // A fault of disk or network tells nothing about what is there.
        let isGone = meaning == .gone || meaning == .forbidden
        if lose(origin, outcome, isGone: isGone) { tell(outcome, dropIn, error) }
        end(origin, retry: isGone ? mirror.look { _ in origin.scanInterval } : afterFault(tries))
    }

    /// Shares nothing of it, until something on the way to it changes.
    private func refuse(_ origin: Origin, _ dropIn: DropIn, _ reason: String) {
        if lose(origin, .failed(reason), isGone: true) {
            mirror.logger.warning(
                "The directory is not shared: \(reason)",
                metadata: ["path": "\(dropIn.path)", "drop-in": "\(dropIn.name)"])
        }
        end(origin, retry: mirror.look { _ in origin.scanInterval })
    }

    /// - Returns: whether that is news.
    private func lose(_ origin: Origin, _ outcome: DirectoryStatus.State, isGone: Bool) -> Bool {
        let (wasKnown, watches) = mirror.change { state, now in
            let wasKnown = origin.outcome == outcome
            return (wasKnown, state.lostRoot(origin, outcome, isGone: isGone, now: now))
        }
        mirror.unwatch(watches)
        if isGone { forget(origin, .empty) }
        return !wasKnown
    }

    private func end(_ origin: Origin, retry: UInt64?) {
        mirror.change { state, now in state.endRoot(origin, retry: retry, now: now) }
        mirror.endFirstPass(of: [origin.id])
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
}
