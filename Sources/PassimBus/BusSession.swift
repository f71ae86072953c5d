internal import PassimCore
internal import PassimGLib

/// One connection to the bus, from having it to losing it or the name. All on the bus's thread.
final class BusSession: Sendable {
    enum Event: Sendable {
        /// The name is ours.
        case owned
        /// Another has it and does not give it up; ours when that one goes.
        case waiting
        /// The bus does not give us the name.
        case refused(CallFailure)
        /// Another has taken the name.
        case replaced
        /// The connection has ended: why.
        case closed(String)
    }

    /// Properties as they were told last.
    private struct Told {
        var status: DaemonStatus
        var name: String
        var uri: String
        var itemCount: UInt64?
        var totalBytes: UInt64?

        init(_ properties: BusProperties) {
            status = properties.status
            name = properties.name
            uri = properties.uri
            itemCount = properties.mirror?.itemCount
            totalBytes = properties.mirror?.totalBytes
        }
    }

    private struct State {
        var isOwner = false
        var told: Told
    }

    private let connection: BusConnection
    private let calls: BusCalls
    private let senders: Senders
    private let state: Lock<State>

    init(_ connection: BusConnection, _ calls: BusCalls) {
        self.connection = connection
        self.calls = calls
        senders = Senders(connection)
        state = Lock(State(told: Told(calls.object.properties)))
    }

    /// Exports the object, and then asks for the name.
    func begin(_ onEvent: @escaping @Sendable (Event) -> Void) throws(CallFailure) {
        connection.onClosed { onEvent(.closed($0)) }
        for interface in [BusNames.passim, BusNames.mirror] {
            try connection.export(interface, of: Introspection.description, at: BusNames.path) {
                [weak senders, calls] call in
                guard let senders else { return }
                calls.handle(call, from: senders)
            }
        }
        for signal in ["NameAcquired", "NameLost"] {
            connection.subscribe(to: signal, of: BusNames.bus, from: BusNames.bus) { [weak self] parameters in
                // Its unique name is acquired too.
                guard parameters.children.first?.string == BusNames.service else { return }
                self?.ownershipChanged(signal == "NameAcquired", onEvent)
            }
        }
        // 1: another may take it; 2: it is taken from another that lets us. Where neither goes: wait.
        let parameters = Variant(tuple: [Variant(BusNames.service), Variant(UInt32(1 | 2))])
        connection.call(busMethod("RequestName"), parameters, answer: "(u)", seconds: 25) {
            [weak self] result in
            switch result {
            // 2: in the queue.
            case .success(let answer) where answer.children[0].uint32 == 2: onEvent(.waiting)
            case .success: self?.ownershipChanged(true, onEvent)
            case .failure(let failure): onEvent(.refused(failure))
            }
        }
    }

    private func ownershipChanged(_ isOwner: Bool, _ onEvent: @Sendable (Event) -> Void) {
        // Both a signal and an answer say that we have it.
        let isNews = state.withLock { state in
            defer { state.isOwner = isOwner }
            return state.isOwner != isOwner
        }
        if isNews { onEvent(isOwner ? .owned : .replaced) }
    }

    private func busMethod(_ name: String) -> BusConnection.Method {
        BusConnection.Method(name, of: BusNames.bus, at: BusNames.busPath, destination: BusNames.bus)
    }

    /// - Parameter done: when it is no longer ours, or nobody can tell.
    func releaseName(_ done: @escaping @Sendable () -> Void) {
        state.withLock { $0.isOwner = false }
        let parameters = Variant(tuple: [Variant(BusNames.service)])
        connection.call(busMethod("ReleaseName"), parameters, answer: "(u)", seconds: 1) { _ in done() }
    }

    func close(_ done: @escaping @Sendable () -> Void) {
        connection.withdraw()
        calls.forgetUnread()
        connection.close(done)
    }

    // MARK: - Signals

    /// Changed, and the counts of Mirror.
    func tellItems() {
        guard state.withLock({ $0.isOwner }) else { return }
        connection.emit("Changed", of: BusNames.passim, at: BusNames.path)
        let properties = calls.object.properties
        guard let mirror = properties.mirror else { return }
        var builder = VariantBuilder("a{sv}")
        let hasChanged = state.withLock { state in
            let before = state.told
            state.told.itemCount = mirror.itemCount
            state.told.totalBytes = mirror.totalBytes
            return (before.itemCount != mirror.itemCount, before.totalBytes != mirror.totalBytes)
        }
        if hasChanged.0 { builder.entry("ItemCount", mirror.itemCount) }
        if hasChanged.1 { builder.entry("TotalBytes", mirror.totalBytes) }
        if hasChanged.0 || hasChanged.1 { emitChanged(BusNames.mirror, builder.end()) }
    }

    /// PropertiesChanged with those that are others than last time.
    func tellProperties() {
        guard state.withLock({ $0.isOwner }) else { return }
        let now = Told(calls.object.properties)
        let before = state.withLock { state in
            let before = state.told
            state.told.status = now.status
            state.told.name = now.name
            state.told.uri = now.uri
            return before
        }
        var builder = VariantBuilder("a{sv}")
        if now.status != before.status { builder.entry("Status", now.status.rawValue) }
        if now.name != before.name { builder.entry("Name", now.name) }
        if now.uri != before.uri { builder.entry("Uri", now.uri) }
        let changed = builder.end()
        if !changed.children.isEmpty { emitChanged(BusNames.passim, changed) }
    }

    private func emitChanged(_ interface: String, _ changed: Variant) {
        let invalidated = VariantBuilder("as")
        connection.emit(
            "PropertiesChanged", of: BusNames.properties, at: BusNames.path,
            Variant(tuple: [Variant(interface), changed, invalidated.end()]))
    }
}
