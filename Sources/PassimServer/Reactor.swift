// One thread, one epoll instance, and the connections that live on it: whatever happens to a connection
// happens here, so nothing of it is locked.

internal import Logging
internal import PassimCore
internal import PassimCrypto
internal import PassimSystem
internal import Synchronization

final class Reactor {
    /// Messages to a reactor from other threads.
    enum Message {
        case adopt(AcceptedClient)
        /// Another reactor has a new client, and nobody of its own whom it could end for it.
        case makeRoom
        case settingsChanged
        /// There are other sockets to accept from.
        case listenersChanged
        /// The result that the connection of that token waited for.
        case found(token: UInt64, wait: UInt32, WaitingResult)
        /// Somebody wants to know whether it turns.
        case beat(UInt64)
        /// Accept no more, end what is idle, and let what is being sent finish until then.
        case drain(deadline: UInt64)
    }

    let number: Int
    let state: ServerState
    var settings: ServerState.Settings
    let poller: Poller
    let mailbox: Mailbox
    let listeners: ListenerSet
    let counters: ReactorCounters

    /// By descriptor.
    var connections: [Connection?] = []
    var connectionCount = 0
    /// Distinguishes a connection from an earlier one with the same descriptor.
    var generation: UInt32 = 0
    /// Connections with requests in their buffers, of which epoll tells nothing.
    var resumable: [Connection] = []
    /// Downloads that wait for the next slice of their rate limit.
    var throttled: [Connection] = []
    /// Connections that are sending: how large a turn each may have.
    var senders = 0

    var files: FileCache
    /// When descriptors that nobody uses any more are looked for.
    private var filesExpireAt: UInt64 = 0
    /// Tells when mounts change (proc(5)); one reactor watches it for all.
    private let mounts: Descriptor?
    /// Tells when interfaces change, where they are listened at by name; one reactor watches it for all.
    let interfaceChanges: InterfaceChanges?
    /// Generation of the cached files' origin table.
    private var originsGeneration = 0
    var buffers = BufferPool()
    /// Plaintext of the turn: a response's head and content.
    let plain = UnsafeMutableRawBufferPointer.allocate(
        byteCount: Reactor.headRoom + BufferPool.piece, alignment: 4096)
    /// Request bytes of the turn.
    let input = UnsafeMutableRawBufferPointer.allocate(byteCount: Reactor.inputCapacity, alignment: 64)
    /// `Date:` of responses, remade each second.
    var date = ResponseDate()

    var now: UInt64 = monotonicNanoseconds()
    var nextTick: UInt64 = 0
    var isListening = false
    /// Accepting stopped for want of room; goes on then.
    var acceptAgainAt: UInt64?
    /// For whom there was none.
    var waiting: [AcceptedClient] = []
    /// One for each kind of trouble that there was.
    var paces: [Trouble: WarningPace] = [:]
    var drainDeadline: UInt64?

    /// Room for a response's head in front of its content.
    static let headRoom = 16 * 1024
    /// A head, and a record behind it.
    static let inputCapacity = 32 * 1024
    static let second: UInt64 = 1_000_000_000
    static let mailboxToken = UInt64.max
    private static let mountsToken = UInt64.max - 1
    private static let interfacesToken = UInt64.max - 2
    /// For so long, twice at most, a file that nobody asks for stays open: enough for one that is asked for all the
    /// time, and its disk can be unmounted between two requests a second.
    private static let fileRest: UInt64 = 200_000_000

    init(
        number: Int, state: ServerState, listeners: ListenerSet, mailbox: Mailbox, cachedFiles: Int
    ) throws(SystemError) {
        self.number = number
        self.state = state
        self.listeners = listeners
        self.mailbox = mailbox
        settings = state.settings
        counters = state.counters[number]
        files = FileCache(capacity: cachedFiles)
        poller = try Poller(capacity: 256) { [logger = state.logger] error in
            logger.warning("serving thread \(number) cannot wait for clients, and tries again: \(error)")
        }
        // Without /proc, mounts are taken for what they were.
        mounts = number == 0 ? try? Descriptor.open("/proc/self/mountinfo", .readOnly) : nil
        interfaceChanges = number == 0 && listeners.followsInterfaces ? try? InterfaceChanges() : nil
        try mailbox.watch(poller, token: Reactor.mailboxToken)
        try interfaceChanges?.watch(poller, token: Reactor.interfacesToken)
        if let watched = mounts?.lend({ $0 }) {
            try? poller.add(watched, .priority, token: Reactor.mountsToken)
        }
    }

    deinit {
        plain.deallocate()
        input.deallocate()
        buffers.freeAll()
    }

    /// The reactor's life; returns when it has drained.
    func run() {
        // One may have come since the sockets were made, before anybody watched.
        if interfaceChanges != nil { interfacesHaveChanged() }
        listen()
        while !hasEnded {
            let count: Int
            do throws(SystemError) {
                count = try poller.wait(milliseconds: timeout())
            } catch {
                // Nothing that epoll_wait(2) reports is of a connection; without it there is no reactor.
                state.logger.critical("serving thread \(number) ends: \(error)")
                break
            }
            now = monotonicNanoseconds()
            for index in 0..<count {
                let event = poller.event(index)
                dispatch(event.token, event.interest)
            }
            resume()
            releaseThrottled()
            if let again = acceptAgainAt, now >= again { listen() }
            if now >= nextTick { tick() }
            if !files.isEmpty, now >= filesExpireAt {
                filesExpireAt = now + Reactor.fileRest
                files.expire(before: now > Reactor.fileRest ? now - Reactor.fileRest : 0)
            }
        }
        closeAll()
    }

    private func dispatch(_ token: UInt64, _ interest: Poller.Interest) {
        if token == Reactor.mailboxToken {
            readMailbox()
        } else if token == Reactor.mountsToken {
            state.fileSystems.forget()
        } else if token == Reactor.interfacesToken {
            interfacesHaveChanged()
        } else if let listener = ListenerSet.listener(ofToken: token) {
            accept(from: listener)
        } else {
            connection(token)?.turn(self, interest)
        }
    }

    /// nil where it has ended.
    private func connection(_ token: UInt64) -> Connection? {
        let number = Int(UInt32(truncatingIfNeeded: token))
        guard number < connections.count, let connection = connections[number], connection.token == token
        else { return nil }
        return connection
    }

    private func readMailbox() {
        for message in mailbox.take() {
            switch message {
            case .adopt(let client): adopt(client, countedFor: number)
            case .makeRoom: makeRoom()
            case .settingsChanged: settings = state.settings
            case .listenersChanged: watchListenersAnew()
            case .beat(let beat): state.turns[number].beat.store(beat, ordering: .relaxed)
            case .found(let token, let wait, let result): connection(token)?.take(result, of: wait, self)
            case .drain(let deadline): drain(until: deadline)
            }
        }
    }

    private func resume() {
        guard !resumable.isEmpty else { return }
        let batch = resumable
        resumable.removeAll(keepingCapacity: true)
        for connection in batch where connection.isOpen {
            connection.isResumable = false
            connection.turn(self, [])
        }
    }

    private func releaseThrottled() {
        guard !throttled.isEmpty, now >= throttled[0].throttledUntil else { return }
        let batch = throttled
        throttled.removeAll(keepingCapacity: true)
        // Each must be among the first at some time, if a slice has fewer bytes than there are downloads.
        let first = Int(now / RateLimiter.slice % UInt64(batch.count))
        for connection in batch[first...] where connection.isOpen { connection.turn(self, [.output]) }
        for connection in batch[..<first] where connection.isOpen { connection.turn(self, [.output]) }
    }

    /// Milliseconds until something is due; -1 where nothing is: an idle daemon does not wake.
    private func timeout() -> CInt {
        if !resumable.isEmpty { return 0 }
        var due: UInt64?
        if connectionCount > 0 { due = nextTick }
        if !files.isEmpty { due = min(due ?? .max, filesExpireAt) }
        if let first = throttled.first { due = min(due ?? .max, first.throttledUntil) }
        if let again = acceptAgainAt { due = min(due ?? .max, again) }
        if let deadline = drainDeadline { due = min(due ?? .max, deadline) }
        guard let due else { return -1 }
        let time = monotonicNanoseconds()
        return due <= time ? 0 : CInt(clamping: (due - time + 999_999) / 1_000_000)
    }

    /// Once a second: time limits.
    private func tick() {
        nextTick = now + Reactor.second
        for connection in connections {
            guard let connection else { continue }
            if !connection.isOverdue(self) {
                connection.rest(self)
            } else if connection.isWaitingForFile {
                connection.giveUpFile(self)
            } else {
                dismiss(connection)
            }
        }
    }

    private func drain(until deadline: UInt64) {
        drainDeadline = deadline
        stopListening()
        for connection in connections {
            if let connection, !connection.finishesWhatItSends() { dismiss(connection) }
        }
    }

    private var hasEnded: Bool {
        guard let drainDeadline else { return false }
        return connectionCount == 0 || monotonicNanoseconds() >= drainDeadline
    }

    private func closeAll() {
        stopListening()
        for connection in connections {
            if let connection { close(connection) }
        }
        for case .adopt(let client) in mailbox.close() { giveUp(client) }
    }

    /// A file that is asked for all the time would go on under its origin's former limits.
    func forgetReplacedOrigins() {
        let generation = state.origins.generation
        if generation != originsGeneration {
            originsGeneration = generation
            files.removeAll()
        }
    }

    // MARK: Connections

    /// Bytes that a connection may encrypt in one turn.
    var turnSize: Int { senders <= 4 ? BufferPool.largeTurn : BufferPool.smallTurn }

    /// It has been counted when it was accepted.
    func insert(_ connection: Connection) {
        let number = Int(connection.number)
        if number >= connections.count {
            connections.append(contentsOf: repeatElement(nil, count: number + 1 - connections.count))
        }
        connections[number] = connection
        connectionCount += 1
        // One that is due stays due: clients that come one by one must not put it off for ever.
        if connectionCount == 1, nextTick == 0 { nextTick = now + Reactor.second }
    }

    /// Ends a connection that waits, and tells the peer, who may be about to send another request.
    func dismiss(_ connection: Connection) {
        connection.sayGoodbye(self)
        close(connection)
    }

    /// Ends a connection for good. Its descriptor is closed here and nowhere else.
    func close(_ connection: Connection) {
        guard connection.isOpen else { return }
        connection.end(self)
        connections[Int(connection.number)] = nil
        connectionCount -= 1
        state.loads[number].connections.subtract(1, ordering: .relaxed)
        state.places.leave()
        state.counts.leave(connection.account)
        // A descriptor came free: whoever waits to be accepted need not wait for the clock.
        if acceptAgainAt != nil { listen() }
    }
}
