internal import Logging
package import PassimConfig
package import PassimCore
internal import PassimIndex
internal import PassimSystem

extension Mirror {
    /// Shares these directories, and no others any more.
    ///
    /// A drop-in of the same path, be it renamed, keeps its origin and its items; when what it selects has
    /// changed it is walked anew. Items of drop-ins that are gone are removed before this returns. Not for two
    /// threads at a time.
    ///
    /// - Parameter failures: listed in `statuses`, nothing else.
    /// - Parameter onOrigins: called with all origins before any file of a new one can be in the index.
    @discardableResult
    package func replaceDropIns(
        _ dropIns: [DropIn], failures: [FailedDropIn] = [],
        onOrigins: @Sendable ([MirrorOrigin]) -> Void = { _ in }
    ) -> [MirrorOrigin] {
        let replaced = change { state, now in state.replace(dropIns, failures, now) }
        onOrigins(replaced.origins)
        unwatch(replaced.watches)
        for (origin, dropIn) in replaced.removed {
            _ = index.removeAll(origin: origin.id)
            if let other = dropIns.first(where: { $0.path.covers(dropIn.path) }) {
                logger.info(
                    "A drop-in is gone; another one shares its directory",
                    metadata: [
                        "path": "\(dropIn.path)", "drop-in": "\(dropIn.name)", "other": "\(other.name)",
                    ])
            } else {
                logger.info(
                    "No longer shared", metadata: ["path": "\(dropIn.path)", "drop-in": "\(dropIn.name)"])
            }
        }
        change { state, now in
            for (origin, dropIn) in replaced.toScan {
                if let dropIn {
                    state.changeRules(of: origin, dropIn, now: now)
                } else {
                    state.requestScan(origin)
                }
            }
        }
        endFirstPass(of: replaced.removed.map(\.0.id))
        return replaced.origins
    }

    func endFirstPass(of ids: [OriginID]) {
        for waiter in change({ state, _ in state.endFirstPass(of: ids) }) { waiter() }
    }

    /// Something was mounted or unmounted at these absolute paths.
    func mountsChanged(_ points: Set<RawName>) {
        if points.isEmpty { return }
        volumes.forget()
        change { state, now in
            for origin in state.origins {
                guard let path = origin.realPath else {
                    state.requestRoot(origin)
                    continue
                }
                let configured = RawName(origin.dropIn.path)
                for point in points {
                    if path.relative(to: point) != nil || configured.relative(to: point) != nil {
                        state.requestRoot(origin)
                    } else if let below = point.relative(to: path), !below.isEmpty {
                        state.mark(below, of: origin, .none, isDeep: true, due: now, now: now)
                    }
                }
            }
        }
    }
}

extension String {
    /// True if a path is this directory, or below it.
    fileprivate func covers(_ path: String) -> Bool { RawName(path).relative(to: RawName(self)) != nil }
}

struct Replaced {
    var origins: [MirrorOrigin] = []
    var removed: [(Origin, DropIn)] = []
    /// To be scanned; with a drop-in, by other rules than before.
    var toScan: [(Origin, DropIn?)] = []
    var watches: [CInt] = []
}

extension MirrorState {
    /// Takes over the configured drop-ins.
    fileprivate mutating func replace(
        _ dropIns: [DropIn], _ failures: [FailedDropIn], _ now: UInt64
    ) -> Replaced {
        var replaced = Replaced()
        var kept: [Origin] = []
        for (dropIn, known) in zip(dropIns, match(dropIns)) {
            if let origin = known {
                let selectsSame =
                    origin.dropIn.selectsSame(as: dropIn)
                    && origin.dropIn.rescanInterval == dropIn.rescanInterval
                if selectsSame {
                    origin.dropIn = dropIn
                    // Also where there was nothing to share: it may be there now.
                    if !origin.isThere { replaced.toScan.append((origin, nil)) }
                } else {
                    replaced.toScan.append((origin, dropIn))
                }
                kept.append(origin)
            } else {
                let origin = Origin(id: OriginID(nextOrigin), dropIn: dropIn, rules: generation)
                nextOrigin += 1
                replaced.toScan.append((origin, nil))
                kept.append(origin)
            }
        }
        let stays = Set(kept.map(ObjectIdentifier.init))
        for origin in origins where !stays.contains(ObjectIdentifier(origin)) {
            origin.remove()
            replaced.watches += remove(origin, now: now)
            replaced.removed.append((origin, origin.dropIn))
        }
        origins = kept
        self.failures = failures
        if case .notConfigured(let waiters) = firstPass {
            firstPass = .running(Set(kept.map(\.id)), waiters)
        }
        replaced.origins = zip(kept, dropIns).map { MirrorOrigin(id: $0.id, dropIn: $1) }
        return replaced
    }

    /// For each drop-in the origin that it goes on with: that of the same file and path; else one of the same
    /// path whose file is gone, which has been renamed.
    private func match(_ dropIns: [DropIn]) -> [Origin?] {
        // By path, in their order: there may be ten thousand of them.
        var rest = Dictionary(grouping: origins, by: \.dropIn.path)
        func take(_ path: String, where matches: (String) -> Bool) -> Origin? {
            guard let place = rest[path]?.firstIndex(where: { matches($0.dropIn.name) }) else { return nil }
            return rest[path]?.remove(at: place)
        }
        let names = Set(dropIns.map(\.name))
        var found = dropIns.map { new in take(new.path) { $0 == new.name } }
        for (index, new) in dropIns.enumerated() where found[index] == nil {
            found[index] = take(new.path) { !names.contains($0) }
        }
        return found
    }
}
