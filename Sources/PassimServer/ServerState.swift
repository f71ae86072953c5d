internal import Logging
internal import PassimCore
internal import PassimCrypto
internal import PassimHTTP
internal import PassimIndex
internal import PassimSystem
internal import Synchronization

/// State shared by a server's reactors.
final class ServerState: Sendable {
    /// Settings that can change while the server runs; each reactor keeps a copy and takes a new one when told.
    struct Settings: Sendable {
        var values: ServerSettings
        var tls: TLSContext
        var hosts: HostCheck
        var limiter: RateLimiter?

        init(_ values: ServerSettings, tls: TLSContext) {
            self.values = values
            self.tls = tls
            hosts = HostCheck(hostNames: values.hostNames)
            limiter = values.maxRate > 0 ? RateLimiter(bytesPerSecond: values.maxRate) : nil
        }
    }

    let index: DigestIndex
    let origins: OriginTable
    let pages: any LocalPages
    let staleObserver: any StaleEntryObserver
    let shares: any ShareObserver
    /// nil: the network is not asked.
    let lookup: (any PeerLookup)?
    let logger: Logger
    let cooldowns = CooldownTable()
    let accounts = ClientAccounts()
    let counts = ConnectionCounts()
    let places = ConnectionPlaces()
    let threads = FileThreads()
    let fileSystems = LocalFileSystems()
    /// Open connections of each reactor: a new one goes where there are fewest.
    let loads: [ReactorLoad]
    let mailboxes: [Mailbox]
    /// The last beat that each reactor has answered, and that they were asked for.
    let turns: [ReactorTurn]
    let beat = Atomic<UInt64>(0)
    /// One for each reactor.
    let counters: [ReactorCounters]
    private let current: Lock<Settings>

    init(
        index: DigestIndex, origins: OriginTable, pages: any LocalPages,
        staleObserver: any StaleEntryObserver, shares: any ShareObserver, lookup: (any PeerLookup)?,
        settings: Settings, logger: Logger
    ) throws(SystemError) {
        var mailboxes: [Mailbox] = []
        for _ in 0..<settings.values.reactors { mailboxes.append(try Mailbox()) }
        self.mailboxes = mailboxes
        self.index = index
        self.origins = origins
        self.pages = pages
        self.staleObserver = staleObserver
        self.shares = shares
        self.lookup = lookup
        self.logger = logger
        loads = (0..<settings.values.reactors).map { _ in ReactorLoad() }
        turns = (0..<settings.values.reactors).map { _ in ReactorTurn() }
        counters = (0..<settings.values.reactors).map { _ in ReactorCounters() }
        current = Lock(settings)
    }

    /// Open connections of all reactors.
    var connectionCount: Int { places.count }

    var settings: Settings { current.withLock { $0 } }

    /// Changes a part of the settings; another thread may change another at the same time.
    func changeSettings(_ body: (inout Settings) -> Void) {
        current.withLock { body(&$0) }
    }

    /// The entry turned out not to be true: nobody shall get it, and the file is to be hashed again.
    func drop(_ entry: Entry) {
        guard let path = index.path(of: entry) else { return }
        staleObserver.foundStale(Item(entry: entry, path: path)) { index.apply([.drop(entry)]) }
    }
}

/// A counter that reactors read of each other.
final class ReactorLoad: Sendable {
    let connections = Atomic<Int>(0)
}

/// A reactor's sign that it turns.
final class ReactorTurn: Sendable {
    let beat = Atomic<UInt64>(0)
}
