// One client: its socket, its TLS session, and where it stands. Lives on one reactor's thread.
//
// A turn (Connection+Turn.swift) reads what has come, answers it, and sends what was written, once. What
// stays between turns is little: an idle connection holds no buffer.

internal import PassimCore
internal import PassimCrypto
internal import PassimHTTP
internal import PassimSystem

final class Connection {
    enum Phase {
        /// Waits for a whole ClientHello: there is no session yet.
        case hello
        case handshake
        /// Waits for a request, or for the rest of one.
        case request
        case response
        /// Somebody looks on the network for what was asked for, makes a page, or opens a file.
        case waiting
        /// Our side has ended, and what the peer still sends is thrown away: closing with unread input, or
        /// input that comes while the kernel still sends for us, would reset the connection, and the peer
        /// might never read the end of our last response (RFC 9112, 9.6).
        case linger
    }

    let peer: IPAddress
    /// The client it is counted for.
    let account: ClientAccount
    /// The descriptor's number, for the reactor's table.
    let number: CInt
    let token: UInt64
    /// A client of this machine, who may do more than others; never without TLS, as a browser speaks that for any page.
    let isLoopback: Bool
    /// It is without TLS (HTTPPort=).
    let isPlain: Bool
    private(set) var isOpen = true
    private let socket: Descriptor
    let transport: UnsafeMutablePointer<TLSTransport>
    /// Without TLS from the beginning, else from a whole ClientHello on: no stage before has any use for it.
    private(set) var session: RecordLayer!

    var phase: Phase
    /// Request bytes that wait for their rest, or for the response before them.
    var heldInput: [UInt8] = []
    var parser = RequestParser()
    var response: Response?
    var pending: PendingAnswer?
    /// Counts what was waited for: tells what comes late.
    var waits: UInt32 = 0
    /// When the present request was there, and what answers it; nil where it is refused as such.
    var askedAt: UInt64 = 0
    var answering: ServerCounts.Answer?
    /// After the present response, and when its last byte is sent.
    var closesAfterResponse = false
    /// Content whose responses the kernel has not taken entirely yet, in the order of its sending.
    var unconfirmed: [CountedDelivery] = []
    /// The client of HTTP/1.0 that asks for keep-alive must be told that it gets it (RFC 9112, C.2.2).
    var announcesKeepAlive = false

    /// Events that epoll watches now.
    private var interest: Poller.Interest = .input
    /// When the present phase has lasted too long.
    var deadline: UInt64
    var waitingSince: UInt64
    /// Bytes that the socket has taken, ever.
    private var taken: UInt64 = 0
    /// Bytes that the peer had taken at `slowSince`; nil where no tick has seen the present response yet.
    private var takenByPeer: UInt64?
    private var slowSince: UInt64 = 0
    /// The same of the first tick of the response.
    private var begunAt: (bytes: UInt64, time: UInt64)?
    var throttledUntil: UInt64 = 0
    var isResumable = false
    /// Has sent a request.
    var hasAsked = false
    /// Requests answered since the last tick that found the connection idle.
    var requestsOfLate = 0

    init(_ client: Reactor.AcceptedClient, generation: UInt32, reactor: Reactor) {
        let socket = client.socket
        transport = .allocate(capacity: 1)
        transport.initialize(to: TLSTransport(socket: socket))
        self.socket = Descriptor(owning: socket)
        self.socket.sendWithoutDelay()
        peer = client.peer
        account = client.account
        number = socket
        token = UInt64(generation) << 32 | UInt64(socket)
        isPlain = client.isPlain
        isLoopback = peer.isLoopback && !isPlain
        waitingSince = reactor.now
        let limits = reactor.settings.values.timeLimits
        deadline = reactor.now + (isPlain ? limits.head : limits.handshake)
        phase = isPlain ? .request : .hello
        if isPlain { session = .plain(PlainSession(transport: transport)) }
    }

    deinit {
        // It uses the transport.
        session = nil
        transport.deinitialize(count: 1)
        transport.deallocate()
    }

    /// This end's address and port; nil if the kernel does not say.
    var ownAddress: IPAddress? { (try? socket.boundAddress()) ?? nil }
    var ownPort: UInt16? { try? socket.boundPort() }

    /// - Returns: false where there is no memory.
    func beginSession(_ reactor: Reactor) -> Bool {
        session = TLSSession(context: reactor.settings.tls, transport: transport).map { .tls($0) }
        return session != nil
    }

    // MARK: Life

    /// Only through `Reactor.close`, which forgets the connection as well.
    func end(_ reactor: Reactor) {
        isOpen = false
        if response?.counted != nil || !unconfirmed.isEmpty { countCutOff(reactor) }
        if let buffer = transport.pointee.output {
            transport.pointee.output = nil
            reactor.buffers.put(buffer)
        }
        endResponse(reactor, complete: false)
        pending?.cancel(reactor)
        pending = nil
        try? reactor.poller.remove(number)
    }

    /// Neither sending nor about to.
    var isWaiting: Bool {
        phase != .response && phase != .waiting && transport.pointee.output == nil
    }

    /// Between two requests: it has had what it came for.
    var isResting: Bool {
        phase == .request && hasAsked && heldInput.isEmpty
    }

    /// For a server that stops.
    ///
    /// - Returns: false where there is nothing to finish.
    func finishesWhatItSends() -> Bool {
        closesAfterResponse = true
        return !isWaiting || phase == .linger
    }

    /// Once a second: an idle connection gives up the buffers it was lent as a busy one.
    func rest(_ reactor: Reactor) {
        guard requestsOfLate > 0, phase == .request, waitingSince + Reactor.second <= reactor.now else {
            return
        }
        if requestsOfLate >= Connection.busy { session.keepBuffers(false) }
        requestsOfLate = 0
    }

    /// Keeps OpenSSL's buffers until the connection rests.
    func beBusy() {
        requestsOfLate = max(requestsOfLate, Connection.busy)
        session.keepBuffers(true)
    }

    /// So many requests without a second's rest make a connection busy.
    static let busy = 4

    /// Asked once a second.
    func isOverdue(_ reactor: Reactor) -> Bool {
        if phase == .response || transport.pointee.output != nil { return isTooSlow(reactor) }
        return reactor.now >= deadline
    }

    private func isTooSlow(_ reactor: Reactor) -> Bool {
        let limits = reactor.settings.values.timeLimits
        if takenByPeer != nil, reactor.now < slowSince + limits.slowWindow { return false }
        let gone = acknowledged
        if begunAt == nil { begunAt = (gone, reactor.now) }
        defer {
            takenByPeer = gone
            slowSince = reactor.now
        }
        guard let before = takenByPeer else { return false }
        // Held back by a rate limit of ours, a client cannot be blamed.
        return gone < before + limits.slowBytes && throttledUntil < slowSince
    }

    /// Not what the socket has taken: it holds megabytes, and takes no more until a third of them is
    /// gone, which a client that is fast enough needs minutes for.
    private var acknowledged: UInt64 {
        let waiting = UInt64(socket.unacknowledgedByteCount())
        return taken > waiting ? taken - waiting : 0
    }

    /// Bytes a second that the peer has taken of the present response.
    ///
    /// - Returns: nil where they are enough, or cannot be told yet, or we hold it back ourselves.
    func slowSpeed(_ reactor: Reactor) -> UInt64? {
        let limits = reactor.settings.values.timeLimits
        guard phase == .response || transport.pointee.output != nil, let begun = begunAt,
            response?.reading == nil, throttledUntil < begun.time,
            reactor.now >= begun.time + limits.crowdedWindow
        else { return nil }
        let milliseconds = max(1, (reactor.now - begun.time) / 1_000_000)
        let gone = acknowledged
        let speed = (gone > begun.bytes ? gone - begun.bytes : 0) * 1000 / milliseconds
        return speed < limits.crowdedSpeed ? speed : nil
    }

    /// A response begins: from the next tick on the client's speed counts.
    func beginMeasuring() {
        takenByPeer = nil
        begunAt = nil
    }

    /// For the next request, or for the rest of one that was sent with those before.
    func beginWaiting(_ reactor: Reactor) {
        let limits = reactor.settings.values.timeLimits
        waitingSince = reactor.now
        deadline = reactor.now + (heldInput.isEmpty ? limits.idle : limits.head)
    }

    // MARK: Socket

    func watch(_ wanted: Poller.Interest, _ reactor: Reactor) {
        guard wanted != interest else { return }
        do throws(SystemError) {
            try reactor.poller.modify(number, wanted, token: token)
            interest = wanted
        } catch {
            reactor.close(self)
        }
    }

    enum Flush {
        case all, some, broken
    }

    /// Sends what the turn has written; the buffer goes back to the reactor if the socket took it all.
    func flush(_ reactor: Reactor) -> Flush {
        guard var output = transport.pointee.output else { return .all }
        // The BIO must not append to a copy: the buffer is taken out while it is sent.
        transport.pointee.output = nil
        while !output.isEmpty {
            do throws(SystemError) {
                guard let count = try socket.send(output.unsent) else {
                    transport.pointee.output = output
                    return .some
                }
                output.sent += count
                taken += UInt64(count)
                reactor.counters.bytesSent.add(UInt64(count))
            } catch {
                transport.pointee.output = output
                return .broken
            }
        }
        reactor.buffers.put(output)
        if !unconfirmed.isEmpty { confirm(reactor) }
        return .all
    }

    /// The client, of this machine.
    var lookupClient: LookupClient {
        let ends = socket.localConnection()
        return LookupClient { ends?.peerUser }
    }

    /// Bytes that were written for the client and have not reached it, those of TLS among them.
    var undeliveredByteCount: UInt64 {
        UInt64((transport.pointee.output?.unsent.count ?? 0) + socket.unacknowledgedByteCount())
    }

    /// Before there is a session.
    ///
    /// - Returns: bytes read, 0 at the end; nil where there is nothing now.
    func receive(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int? {
        try socket.readAvailable(into: buffer)
    }

    func endSending() {
        socket.endSending()
    }

    /// - Returns: false once the peer has ended its side.
    func discardInput() -> Bool {
        socket.discardInput()
    }
}
