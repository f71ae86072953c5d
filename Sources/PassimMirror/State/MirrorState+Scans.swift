// Scans: when one begins, what it waits for, and when the next one is due. And where an origin's path leads to.

internal import PassimConfig
internal import PassimCore
internal import PassimSystem

extension MirrorState {
    /// Has it looked at where the path of an origin leads.
    mutating func requestRoot(_ origin: Origin) {
        if origin.isRemoved { return }
        origin.isRootDue = true
        setReady(origin)
    }

    /// Has everything looked at; where a scan runs, once more when it is over.
    ///
    /// - Parameter isAsked: somebody has asked for it; else its time has come.
    mutating func requestScan(_ origin: Origin, isAsked: Bool = true) {
        if origin.isRemoved { return }
        if isAsked { origin.isScanAsked = true }
        if origin.scan != nil || origin.endedScan != nil || origin.isRootBusy {
            origin.isScanWantedAgain = true
            return
        }
        origin.isScanWanted = true
        requestRoot(origin)
    }

    /// A scan at some time, unless another one is scheduled meanwhile; one that is asked for is not held up.
    ///
    /// - Parameter delay: nanoseconds.
    /// - Parameter keepsEarlier: one that is scheduled for an earlier time stays, so that what comes again and again
    ///   does not put it off for ever.
    mutating func scheduleScan(_ origin: Origin, after delay: UInt64, keepsEarlier: Bool, now: UInt64) {
        let due = now + delay
        if keepsEarlier, let earlier = origin.scanDue, earlier <= due { return }
        armScan(origin, at: due)
    }

    /// The drop-in selects other files now.
    mutating func changeRules(of origin: Origin, _ dropIn: DropIn, now: UInt64) {
        origin.dropIn = dropIn
        origin.rules = advance()
        // Directories that the running scan has visited are visited again, and it waits for that.
        if let scan = origin.scan, let root = origin.root {
            requestVisit(root, .deep, due: now, scan: scan, now: now)
        } else {
            requestScan(origin)
        }
    }

    // MARK: - The root

    enum RootFound {
        /// The directory that was known; a visit has been asked for where a scan was wanted.
        case same
        /// Another one, or the first. The old one is out of the tree, and these watches are to be removed; what is
        /// known of it is to be forgotten before `beginRoot`.
        case other(watches: [CInt], wasThere: Bool, oldDevice: UInt64?)
    }

    /// The path of an origin leads to this directory.
    mutating func foundRoot(
        _ turn: Turn, _ key: InodeID, watch: CInt, isSearchable: Bool, isScan: Bool, now: UInt64
    ) -> RootFound {
        let origin = turn.origin
        origin.tries = 0
        if let root = origin.root, origin.rootInode == key, root.watch == watch || root.watch < 0 || watch < 0
        {
            // A number is used again, a watch is not: where that is gone it may be another directory.
            let isWatchedOn = root.watch == watch
            if isScan || !origin.isThere || !isWatchedOn || root.isSearchable != isSearchable {
                beginScan(origin, now)
            }
            return .same
        }
        let device = origin.rootInode?.device
        let wasThere = origin.root != nil
        let watches = origin.root.map { retire($0, now: now) } ?? []
        return .other(watches: watches, wasThere: wasThere, oldDevice: device)
    }

    /// Nothing of an origin is in the index: its new root is scanned.
    mutating func beginRoot(_ origin: Origin, _ key: InodeID, now: UInt64) {
        if origin.isRemoved { return }
        origin.rootInode = key
        origin.root = Node(origin: origin, name: .empty, parent: nil)
        origin.scansDone = 0
        beginScan(origin, now)
    }

    private mutating func beginScan(_ origin: Origin, _ now: UInt64) {
        guard let root = origin.root, !origin.isRemoved else { return }
        origin.outcome = .scanning
        origin.scanDue = nil
        if origin.scan == nil {
            let scan = Scan(isFirst: origin.scansDone == 0, isAsked: origin.isScanAsked, started: now)
            origin.isScanAsked = false
            origin.scan = scan
            origin.progress.beginScan(at: now)
        }
        requestVisit(root, .deep, due: now, scan: origin.scan, now: now)
    }

    /// The path leads nowhere, or cannot be followed.
    ///
    /// - Parameter isGone: what was there is not there any more; else that is not known.
    /// - Returns: the watches to remove.
    mutating func lostRoot(
        _ origin: Origin, _ outcome: DirectoryStatus.State, isGone: Bool, now: UInt64
    ) -> [CInt] {
        origin.outcome = outcome
        guard isGone else { return [] }
        origin.rootInode = nil
        origin.realPath = nil
        origin.scansDone = 0
        return origin.root.map { retire($0, now: now) } ?? []
    }

    /// - Parameter retry: nanoseconds until the path is followed again; nil: not by itself.
    mutating func endRoot(_ origin: Origin, retry: UInt64?, now: UInt64) {
        origin.isRootBusy = false
        if origin.isScanWantedAgain, origin.scan == nil {
            origin.isScanWantedAgain = false
            requestScan(origin, isAsked: false)
        } else if let retry {
            scheduleScan(origin, after: retry, keepsEarlier: false, now: now)
        }
        setReady(origin)
    }

    // MARK: - The end of a scan

    /// - Returns: whether another one begins at once.
    mutating func endScan(_ origin: Origin, _ scan: Scan, now: UInt64) -> Bool {
        origin.scansDone = origin.outcome == .missing ? 0 : origin.scansDone + 1
        if origin.outcome == .scanning { origin.outcome = .watching }
        origin.scanDuration = now - scan.started
        defer { origin.isScanWantedAgain = false }
        if origin.isScanWantedAgain { requestScan(origin, isAsked: false) }
        return origin.isScanWantedAgain
    }

    /// These origins are through, or gone, or do not answer.
    ///
    /// - Returns: whom to tell that the first pass is done.
    mutating func endFirstPass(of ids: [OriginID]) -> [@Sendable () -> Void] {
        guard case .running(var rest, let waiters) = firstPass else { return [] }
        rest.subtract(ids)
        firstPass = rest.isEmpty ? .done : .running(rest, waiters)
        return rest.isEmpty ? waiters : []
    }

    // MARK: - Origins

    /// Takes an origin out.
    ///
    /// - Returns: the watches to remove.
    mutating func remove(_ origin: Origin, now: UInt64) -> [CInt] {
        let watches = origin.root.map { retire($0, now: now) } ?? []
        drop(origin)
        forgetTimers(of: origin)
        origin.scan = nil
        origin.endedScan = nil
        origin.linked = [:]
        origin.unnamed = [:]
        return watches + self.watches.unfollow(.origin(origin.id), keeping: nil)
    }
}
