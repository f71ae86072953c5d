internal import Logging
internal import PassimCore
internal import PassimSystem
internal import Synchronization

extension Reactor {
    /// Connections accepted in one turn: a flood must not keep those that are served waiting.
    private static let acceptsPerTurn = 16
    private static let pause: UInt64 = 100_000_000

    func listen() {
        acceptAgainAt = nil
        guard !isListening, drainDeadline == nil else { return }
        do throws(SystemError) {
            try listeners.watch(poller)
            isListening = true
        } catch {
            listeners.unwatch(poller)
            acceptAgainAt = now + Reactor.second
            warn(.listening, "not accepting connections for a second: \(error)")
        }
    }

    func stopListening() {
        guard isListening else { return }
        isListening = false
        listeners.unwatch(poller)
    }

    func accept(from listener: Int) {
        for _ in 0..<Reactor.acceptsPerTurn {
            guard isListening else { return }
            do throws(SystemError) {
                guard let accepted = try listeners.accept(listener) else { return }
                place(try outOfReserve(accepted.socket), accepted.peer)
            } catch {
                pauseAccepting(error)
                return
            }
        }
    }

    /// The kernel gives the lowest number that is free, so one of the last is a sign that there are no others: it is
    /// exchanged for one that an idle connection gives up, or given back.
    private func outOfReserve(_ number: CInt) throws(SystemError) -> CInt {
        let limit = settings.values.descriptorsForConnections
        if Int(number) < limit { return number }
        let socket = Descriptor(owning: number)
        shedIdle()
        let moved = try socket.duplicate()
        if moved.lend({ Int($0) }) < limit { return moved.release() }
        counters.refused.add(1)
        throw SystemError(code: .tooManyFiles, call: .accept4)
    }

    /// Without descriptors, a listener that stays readable would have the reactor spin. What idles makes room.
    private func pauseAccepting(_ error: SystemError) {
        // accept4(2) says EINVAL once the socket has stopped listening: the server is ending.
        if error.code == .invalid { return stopListening() }
        warn(
            .descriptors,
            "not accepting for a moment: \(error). Raise the limit of open files (LimitNOFILE=) if this stays"
        )
        stopListening()
        files.removeAll()
        acceptAgainAt = now + Reactor.pause
        shedIdle()
    }

    /// To the reactor with the fewest connections; to this one when there is no better.
    private func place(_ socket: CInt, _ peer: IPAddress) {
        guard state.counts.admit(peer, limit: settings.values.maxConnectionsPerAddress) else {
            // Without the address: LogClients= may want it nowhere.
            state.logger.debug(
                "refused a connection: its address has \(settings.values.maxConnectionsPerAddress)")
            counters.refused.add(1)
            _ = Descriptor(owning: socket)
            return
        }
        var best = number
        var fewest = state.loads[number].connections.load(ordering: .relaxed)
        for (other, load) in state.loads.enumerated() where other != number {
            let count = load.connections.load(ordering: .relaxed)
            if count < fewest {
                best = other
                fewest = count
            }
        }
        if best == number || !state.mailboxes[best].send(.adopt(socket: socket, peer: peer)) {
            adopt(socket, peer)
        }
    }

    func adopt(_ socket: CInt, _ peer: IPAddress) {
        if connectionCount >= max(1, settings.values.maxConnections / state.loads.count) { shedIdle() }
        generation &+= 1
        guard drainDeadline == nil,
            connectionCount < max(1, settings.values.maxConnections / state.loads.count),
            let connection = Connection(
                socket: socket, peer: peer, generation: generation, tls: settings.tls, reactor: self)
        else {
            counters.refused.add(1)
            _ = Descriptor(owning: socket)
            state.counts.leave(peer)
            return
        }
        do throws(SystemError) {
            try poller.add(connection.number, .input, token: connection.token)
        } catch {
            warn(.connection, "a connection is dropped: \(error)")
            insert(connection)
            close(connection)
            return
        }
        insert(connection)
        counters.connections.add(1)
        // The client speaks first: a handshake that is begun before it does holds 50 KiB of buffers for
        // somebody who may never speak.
    }

    /// Ends the connections that have waited longest without sending or being sent anything: some at a
    /// time, so that a flood does not look through all connections for each of its own.
    private func shedIdle() {
        var idle: [(since: UInt64, connection: Connection)] = []
        for connection in connections {
            if let connection, connection.isWaiting { idle.append((connection.waitingSince, connection)) }
        }
        guard !idle.isEmpty else { return }
        idle.sort { $0.since < $1.since }
        for victim in idle.prefix(max(1, idle.count / 32)) { dismiss(victim.connection) }
    }
}
