// Finding a file that answers a request. What is in memory is answered with at once; for everything else a thread
// opens and reads, and the request waits.

internal import PassimCore
internal import PassimCrypto
internal import PassimHTTP
internal import PassimIndex
internal import PassimSystem

/// The files that a request has come to: of several with one digest, the first that can be read is sent.
struct FileSearch {
    enum Subject {
        /// Any file with the digest.
        case digest(Digest, isInPath: Bool)
        /// The first of these that is there, and no other file though it has the same digest: it may be that the name
        /// stands for other bytes already.
        case names([NamedFile])
    }

    let subject: Subject
    /// Entries that are true and cannot be sent now.
    var passedOver: [Entry] = []
    /// File systems that do not answer.
    var hanging: [UInt64] = []
    /// There were no descriptors, and those of the cache were given up.
    var hasMadeRoom = false

    init(_ subject: Subject) {
        self.subject = subject
    }

    var isByName: Bool { if case .names = subject { true } else { false } }

    var isByPath: Bool { if case .digest(_, isInPath: false) = subject { false } else { true } }

    /// The next file to try.
    func next(_ index: DigestIndex) -> Entry? {
        switch subject {
        case .digest(let digest, _):
            if passedOver.isEmpty && hanging.isEmpty { return index.find(digest) }
            return index.entries(digest).first(where: isUntried)
        case .names(let files):
            for file in files {
                func find() -> Entry? { index.find(origin: file.origin.id, path: file.path) }
                var found = find()
                if found == nil {
                    if file.isPending { return nil }
                    // It may have come to be known just before that was asked.
                    found = find()
                }
                // The next one's would be another file.
                if let found { return isUntried(found) ? found : nil }
            }
            return nil
        }
    }

    private func isUntried(_ entry: Entry) -> Bool {
        !passedOver.contains(entry) && !hanging.contains(entry.identity.device)
    }
}

/// A request whose file a thread opens or reads.
struct PendingFile {
    let search: FileSearch
    let entry: Entry
    let plan: FilePlan
    let head: RequestHead
    /// The bytes `head` was parsed from.
    let bytes: [UInt8]
    let throttle: Throttle
    let job: FileThreads.Job
}

extension Connection {
    /// Answers with a file of the digest, or has a thread open one and sets `pending`.
    func search(
        _ begun: FileSearch, to head: RequestHead, _ bytes: UnsafeRawBufferPointer, _ reactor: Reactor
    ) {
        var search = begun
        while let entry = search.next(reactor.state.index) {
            if entry.flags.contains(.disabled) {
                return answer(.locked, "This file is not shared before the next restart.", to: head, reactor)
            }
            do throws(PreparedFile.Fault) {
                return try answer(with: entry, search, to: head, bytes, reactor)
            } catch {
                guard goOn(&search, without: entry, because: error, reactor) else {
                    return answer(
                        .serviceUnavailable, "Too many files are open just now.", to: head, reactor)
                }
            }
        }
        if !search.hanging.isEmpty, !isLoopback || search.isByPath {
            return answer(.serviceUnavailable, "The disk with this file does not answer.", to: head, reactor)
        }
        answerForNone(search, to: head, bytes, reactor)
    }

    /// - Returns: false where trying on makes no sense.
    private func goOn(
        _ search: inout FileSearch, without entry: Entry, because fault: PreparedFile.Fault,
        _ reactor: Reactor
    ) -> Bool {
        switch fault {
        case .stale, .unreadable: reactor.drop(entry, because: fault)
        // A digest has one published item, whose limits do not hold for other files with the digest.
        case .unavailable: search.passedOver.append(entry)
        case .hanging: search.hanging.append(entry.identity.device)
        case .exhausted:
            reactor.files.removeAll()
            if search.hasMadeRoom { return false }
            search.hasMadeRoom = true
        }
        return true
    }

    private func answer(
        with entry: Entry, _ search: FileSearch, to head: RequestHead, _ bytes: UnsafeRawBufferPointer,
        _ reactor: Reactor
    ) throws(PreparedFile.Fault) {
        guard reactor.state.shares.isAvailable(entry) else { throw .unavailable }
        let plan = FilePlan(head, bytes, of: entry, isByName: search.isByName)
        let opened = try reactor.openCached(entry)
        let (first, count) = plan.content
        var throttle = Throttle([])
        var wanted = 0
        if count > 0 {
            let origin = opened?.origin ?? reactor.state.origins.origin(entry.origin)
            throttle = Throttle([origin?.limiter, reactor.settings.limiter].compactMap { $0 })
            let piece = Int(min(count, UInt64(min(reactor.turnSize, BufferPool.piece))))
            wanted = throttle.available(piece, remaining: count, now: reactor.now)
        }
        if let opened, try stage(plan, opened, wanted: wanted, throttle, fetched: nil, reactor) { return }
        throttle.spend(wanted)
        let subject: FileWork.Subject
        if let opened { subject = .opened(opened) } else { subject = .closed(try reactor.source(of: entry)) }
        let job = try begin(
            FileWork(subject: subject, offset: first, count: wanted), on: entry, isUnderWay: false, reactor)
        deadline = reactor.now + reactor.settings.values.timeLimits.file
        let copy = [UInt8](UnsafeRawBufferPointer(rebasing: bytes[..<min(bytes.count, head.length)]))
        pending = PendingAnswer(
            subject: .file(
                PendingFile(
                    search: search, entry: entry, plan: plan, head: head, bytes: copy, throttle: throttle,
                    job: job)),
            isHead: plan.isHead)
    }

    // MARK: Threads

    /// Has a thread do it; what comes of it comes to `take`.
    func begin(
        _ work: FileWork, on entry: Entry, isUnderWay: Bool, _ reactor: Reactor
    ) throws(PreparedFile.Fault) -> FileThreads.Job {
        let send = sender(reactor)
        let threads = reactor.state.threads
        let job = threads.begin(on: entry.identity.device, isUnderWay: isUnderWay) {
            let outcome = work.run()
            // Nothing of a server that has ended is touched.
            if !threads.hasEnded { send(.file(outcome)) }
        }
        guard let job else {
            reactor.counters.fileWaitsRefused.add(1)
            reactor.warnOfHanging(entry)
            throw .hanging
        }
        reactor.counters.fileWaits.add(1)
        return job
    }

    /// Waits for a thread and nothing else: where an earlier response is not read, the client is to blame.
    var isWaitingForFile: Bool {
        guard phase == .waiting, transport.pointee.output == nil, let pending, pending.result == nil,
            case .file = pending.subject
        else { return false }
        return true
    }

    /// Its file system has not answered in time: whoever asks is told what can be said without it.
    func giveUpFile(_ reactor: Reactor) {
        guard case .file(let file)? = pending?.subject else { return }
        reactor.state.threads.cancel(file.job)
        reactor.counters.fileWaitsGivenUp.add(1)
        reactor.warnOfHanging(file.entry)
        // A later result is ignored.
        waits &+= 1
        pending!.result = .file(.failed(.hanging))
        turn(reactor, [])
    }

    /// A thread has opened and read, or could not: answers, or goes on to the next file.
    func endWaiting(for file: PendingFile, _ outcome: FileWork.Outcome, _ reactor: Reactor) {
        var search = file.search
        file.bytes.withUnsafeBytes { bytes in
            do throws(PreparedFile.Fault) {
                switch outcome {
                case .failed(let fault): throw fault
                case .done(let opened, let fetched):
                    reactor.keep(opened)
                    _ = try stage(
                        file.plan, opened, wanted: fetched.count, file.throttle, fetched: fetched, reactor)
                }
            } catch {
                if goOn(&search, without: file.entry, because: error, reactor) {
                    self.search(search, to: file.head, bytes, reactor)
                } else {
                    answer(.serviceUnavailable, "Too many files are open just now.", to: file.head, reactor)
                }
            }
        }
    }
}

extension Reactor {
    /// - Returns: nil where a thread has to open it.
    fileprivate func openCached(_ entry: Entry) throws(PreparedFile.Fault) -> PreparedFile? {
        forgetReplacedOrigins()
        if let file = files.find(entry) { return file }
        guard let file = try PreparedFile.openCached(try source(of: entry)) else { return nil }
        files.insert(file)
        return file
    }

    /// - Throws: `.stale` where it has gone, with its directory's drop-in or otherwise.
    fileprivate func source(of entry: Entry) throws(PreparedFile.Fault) -> PreparedFile.Source {
        guard let path = state.index.path(of: entry), let origin = state.origins.origin(entry.origin) else {
            throw .stale
        }
        return PreparedFile.Source(
            entry: entry, path: path, origin: origin, descriptors: settings.values.descriptorsForFiles,
            threads: state.threads, systems: state.fileSystems, index: state.index)
    }

    /// True if there is room in memory for the content of a file.
    func mayHold(_ file: PreparedFile) -> Bool {
        files.heldBytes + Int(file.entry.identity.size) <= PreparedFile.mostHeld / state.counters.count
    }

    /// Keeps a file that a thread has opened, unless its origin's limits have been replaced since.
    fileprivate func keep(_ file: PreparedFile) {
        forgetReplacedOrigins()
        file.lastUsed = now
        if state.origins.origin(file.entry.origin) === file.origin { files.insert(file) }
    }
}
