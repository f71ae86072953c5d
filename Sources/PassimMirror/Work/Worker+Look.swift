internal import Logging
internal import PassimConfig
internal import PassimCore
internal import PassimIndex
internal import PassimSystem

extension Worker {
    /// Looks at names that something happened to: whatever it was, what counts is what is there.
    func look(_ turn: Turn, _ look: Look) {
        let node = look.node
        let path = path(of: node)
        let (dropIn, rules) = mirror.look { _ in (node.origin.dropIn, node.origin.rules) }
        guard dropIn.entersDirectory(path) else {
            _ = mirror.index.removeAll(origin: node.origin.id, below: path)
            return mirror.change { state, now in
                state.endLook(turn, look, outcomes: look.settled, jobs: [], changed: [], now: now)
            }
        }
        do throws(SystemError) {
            let directory = try workPlace(node, path)
            let identities = try identities(in: directory, node, path)
            self.look(turn, look, in: directory, path, dropIn, identities, rules: rules)
        } catch {
            current = nil
            switch Found(error) {
            case .gone, .forbidden: mirror.change { state, now in state.escalate(look, now: now) }
            case .shortage, .busy:
                mirror.change { state, now in state.putBack(look, after: backOff(4), now: now) }
            default:
                // It may be the same all the time, and then nothing else would have these names looked at.
                mirror.logger.debug(
                    "A directory cannot be looked at", metadata: ["path": "\(path)", "error": "\(error)"])
                mirror.change { state, now in state.putBack(look, after: afterFault(1), now: now) }
            }
        }
    }

    private struct Findings {
        var batch: Batch
        var outcomes: [(RawName, Outcome)] = []
        /// Names that are directories no more.
        var removed: [RawName] = []
        /// Files of which only attributes have changed, as it seems.
        var adopted: [(name: RawName, digest: Digest, identity: FileIdentity)] = []
    }

    private func look(
        _ turn: Turn, _ look: Look, in directory: OpenDirectory, _ path: RawName, _ dropIn: DropIn,
        _ identities: Identities, rules: UInt64
    ) {
        let node = look.node
        let isWatched = mirror.look { _ in node.watch >= 0 }
        var findings = Findings(
            batch: Batch(
                node, path, dropIn, mirror.index.directory(origin: node.origin.id, path: path), identities,
                scan: nil, rules: rules, rest: isWatched ? 0 : Limits.settleTime))
        for (name, what) in look.names {
            if mirror.isStopping { break }
            heartbeat.beat()
            self.look(name, what, look, in: directory, &findings)
        }
        adopt(look, &findings)
        mirror.apply(findings.batch.changes, in: node)
        let (jobs, outcomes) = (findings.batch.takeJobs(), findings.outcomes)
        let changed = findings.batch.changedNames + findings.removed
        mirror.change { state, now in
            state.endLook(turn, look, outcomes: outcomes, jobs: jobs, changed: changed, now: now)
        }
        touchLinks(findings.batch.touchedInodes, turn.origin)
    }

    private func look(
        _ name: RawName, _ what: Unsettled, _ look: Look, in directory: OpenDirectory,
        _ findings: inout Findings
    ) {
        let node = look.node
        let known = mirror.index.entry(directory: findings.batch.directory, name: name)
        var evidence = Evidence(
            found: .gone, known: known?.identity, suspicion: what.suspicion, writing: what.writing,
            isProven: look.isProven)
        var found: FileStatus?
        var reason = ""
        do throws(SystemError) {
            let identities = findings.batch.identities
            // Its own number is what its events name a file by that was made without a name.
            let bare = try directory.descriptor.status(of: name)
            let status = identities.seen(bare, name)
            found = status
            switch status.kind {
            case .regular where findings.batch.accepts(name):
                evidence.found = .file(status.identity, links: status.links)
                if identities.isToldByPath(status.identity) { evidence.isProven = false }
                if !isOfThisFile(what, status.identity) { evidence.writing = .none }
                if isUnnamed(bare, name, node) { evidence.writing = .modified }
            case .directory where findings.batch.enters(name): evidence.found = .directory
            default: evidence.found = .other
            }
        } catch {
            evidence.found = Found(error)
            reason = error.code.sentence
        }
        var decision = decide(evidence)
        if case .adopt = decision {
            // With other attributes it may be one that cannot be read.
            do throws(SystemError) {
                _ = try directory.descriptor.open(name, fileFlags)
            } catch {
                evidence.found = Found(error)
                reason = error.code.sentence
                decision = decide(evidence)
            }
        }
        switch decision {
        case .keep, .adopt, .forget, .refuse, .leave, .wait, .read: forgetDirectory(name, node, &findings)
        case .enter, .retry: break
        }
        // Linking and unlinking move the ctime of the other names.
        noteLinks(known?.identity, found, what, decision, &findings.batch.touchedInodes)
        if decision == .forget { noteOutside(name, found, node, &findings.batch.touchedInodes) }
        var outcome = Outcome.settled
        switch decision {
        case .keep: break
        case .adopt(let identity):
            // The index had it a moment ago.
            findings.adopted.append((name, known!.digest, identity))
        case .forget: if known != nil { findings.batch.remove(name) }
        case .refuse:
            if known != nil { findings.batch.remove(name) }
            outcome = .unreadable(reason)
        case .enter:
            if known != nil { findings.batch.remove(name) }
            outcome = enter(name, what, in: directory, node)
        case .retry(let obstacle): outcome = .retry(obstacle, size: what.size, reason: reason)
        case .leave(let forget):
            if forget { findings.batch.remove(name) }
            outcome = .leave
        case .wait(let delay, let forget):
            if forget { findings.batch.remove(name) }
            outcome = .wait(delay, size: evidence.size)
        case .read(let forget):
            if forget { findings.batch.remove(name) }
            outcome = read(name, what, evidence.size, &findings)
        }
        findings.outcomes.append((name, outcome))
    }

    /// Queues a file to be hashed, unless it has been read so often that it is to rest.
    private func read(
        _ name: RawName, _ what: Unsettled, _ size: UInt64, _ findings: inout Findings
    ) -> Outcome {
        // It is looked at again when the job that it has ends.
        if what.phase == .hashing { return .left }
        let now = mirror.clock.monotonic()
        if what.readAt > 0, what.rest(from: what.readAt) > now {
            return .wait(what.rest(from: what.readAt) - now, size: size)
        }
        findings.batch.queue(name, size: size, isWritten: what.wasWritten)
        return .hashing
    }

    /// True if what was told of writing is about the file that has the name now, and not about one that had it before
    /// and is still open: a write shows in the file's ctime.
    private func isOfThisFile(_ what: Unsettled, _ identity: FileIdentity) -> Bool {
        guard what.writing == .modified, what.silence > 0 else { return true }
        let told = what.silence - min(what.silence, Limits.silence)
        let ago = Int64(clamping: mirror.clock.monotonic() - min(told, mirror.clock.monotonic()))
        guard let age = identity.changed.age(at: mirror.clock.now()) else {
            // Seconds ago at least, or ahead of now.
            return identity.changed > mirror.clock.now() || ago > 2_000_000_000
        }
        return age <= ago + 2_000_000_000
    }

    // MARK: - Directories

    /// A name under which there is no directory any more: what was known below it goes.
    private func forgetDirectory(_ name: RawName, _ node: Node, _ findings: inout Findings) {
        let (isKnown, watches) = mirror.change { state, now -> (Bool, [CInt]) in
            guard let child = node.children[name] else { return (false, []) }
            return (true, state.retire(child, now: now))
        }
        mirror.unwatch(watches)
        let removed = forget(node.origin, findings.batch.path.appending(name))
        if removed > 0 || isKnown { findings.removed.append(name) }
    }

    /// A directory: the one that is known and watched, or to be visited.
    private func enter(
        _ name: RawName, _ what: Unsettled, in directory: OpenDirectory, _ node: Node
    ) -> Outcome {
        do throws(SystemError) {
            let isKnown = what.isDeep ? false : try isKnown(name, in: directory, node)
            if !isKnown {
                mirror.change { state, now in
                    guard let child = state.child(of: node, name) else { return }
                    state.requestVisit(child, .deep, due: now, scan: nil, now: now)
                }
            }
            return .settled
        } catch {
            switch decide(Evidence(found: Found(error))) {
            case .retry(let obstacle): return .retry(obstacle, size: 0, reason: error.code.sentence)
            case .refuse:
                // The visit finds it unreadable, and counts it.
                mirror.change { state, now in
                    guard let child = state.child(of: node, name) else { return }
                    state.requestVisit(child, .deep, due: now, scan: nil, now: now)
                }
                return .settled
            default: return .settled
            }
        }
    }

    /// True if a directory is the one that its node stands for, watched since it was listed.
    private func isKnown(
        _ name: RawName, in directory: OpenDirectory, _ node: Node
    ) throws(SystemError) -> Bool {
        let open = try directory.descriptor.open(name, [.readOnly, .directory, .noFollow, .nonBlocking])
        if try isPrivate(open, path(of: node).appending(name), of: node.origin) { return true }
        let isSearchable = open.isSearchable
        let watch = mirror.watch(open)
        return mirror.look { _ in
            guard let child = node.children[name], child.isEntered, !child.isUnreadable else { return false }
            return watch >= 0 && child.watch == watch && child.isSearchable == isSearchable
        }
    }

    // MARK: - Attributes only

    /// Takes over the new identities of files of which attributes have changed and nothing else: once all events have
    /// been read that came before the look, and none of them is of a write.
    private func adopt(_ look: Look, _ findings: inout Findings) {
        if findings.adopted.isEmpty { return }
        let haveBeenRead = mirror.readEvents()
        let names = mirror.look { state in
            haveBeenRead ? state.unwritten(findings.adopted.map(\.name), look) : []
        }
        for (name, digest, identity) in findings.adopted {
            if names.contains(name) {
                findings.batch.insert(name, digest, identity)
                mirror.count { $0.adopted += 1 }
            } else {
                findings.outcomes.append((name, .again(.written)))
            }
        }
    }
}

extension Look {
    /// Nothing is to be done about any of them.
    fileprivate var settled: [(RawName, Outcome)] { names.map { ($0.name, .settled) } }
}

extension Evidence {
    /// Size of the file, in bytes.
    fileprivate var size: UInt64 {
        if case .file(let identity, _) = found { return identity.size }
        return 0
    }
}

extension MirrorState {
    /// The names that have not been written since the look began, as far as events have been read.
    fileprivate func unwritten(_ names: [RawName], _ look: Look) -> Set<RawName> {
        guard !look.node.isGone, look.node.provenSince > lost else { return [] }
        return Set(
            names.filter { name in
                guard let what = look.node.names[name] else { return true }
                return what.suspicion < .moved && what.writing == .none
            })
    }
}
