internal import Logging
internal import PassimCore
internal import PassimSystem
internal import Synchronization

extension Reactor {
    /// A client that is accepted and counted for its address, and waits for a place.
    struct AcceptedClient {
        var socket: CInt
        let peer: IPAddress
        let account: ClientAccount
        /// It comes for HTTP without TLS.
        let isPlain: Bool
    }

    /// Connections accepted in one turn: a flood must not keep those that are served waiting.
    private static let acceptsPerTurn = 16
    private static let pause: UInt64 = 100_000_000
    /// Others who wait for a place here and not in the kernel, so that this host's own behind them are seen.
    private static let mostWaiting = 64

    /// Outcome of the search for a place.
    private enum Seat {
        case taken
        /// There are as many connections as there may be, and none can go.
        case crowded
        /// There are no descriptors.
        case exhausted
    }

    func listen() {
        acceptAgainAt = nil
        guard drainDeadline == nil, seatWaiting(), !isListening else { return }
        do throws(SystemError) {
            try listeners.watch(poller)
            isListening = true
        } catch {
            listeners.unwatch(poller)
            acceptAgainAt = now + Reactor.second
            warn(.listening, "not accepting connections for a second: \(error)")
        }
    }

    /// - Returns: whether others may be accepted.
    private func seatWaiting() -> Bool {
        while let first = waiting.first {
            let seat = seat(first)
            guard seat == .taken else { return waitForPlace(after: seat) }
            waiting.removeFirst()
        }
        return true
    }

    /// For good.
    func stopListening() {
        unwatchListeners()
        for client in waiting { refuse(client) }
        waiting = []
    }

    private func unwatchListeners() {
        guard isListening else { return }
        isListening = false
        listeners.unwatch(poller)
    }

    func accept(from listener: Int) {
        for _ in 0..<Reactor.acceptsPerTurn {
            guard isListening else { return }
            do throws(SystemError) {
                guard let accepted = try listeners.accept(listener) else { return }
                let client = AcceptedClient(
                    socket: accepted.socket, peer: accepted.peer,
                    // Without TLS this host is a client like others: it may be a proxy's.
                    account: accepted.isPlain && accepted.peer.isLoopback
                        ? .address(accepted.peer) : state.accounts.account(of: accepted.peer, now: now),
                    isPlain: accepted.isPlain)
                guard admit(client) else { continue }
                let isOwn = client.account == .loopback
                // Nobody overtakes those who wait, but this host's own, for whom places are kept.
                if !waiting.isEmpty, !isOwn {
                    waiting.append(client)
                    _ = waitForPlace(after: .crowded)
                    continue
                }
                let count = state.connectionCount
                let seat = seat(client)
                if seat != .taken {
                    waiting.insert(client, at: isOwn ? 0 : waiting.count)
                    _ = waitForPlace(after: seat)
                    continue
                }
                // Clients for whom others had to go come one a turn: what the others have sent is read between them.
                if state.connectionCount <= count { return }
            } catch {
                pauseAccepting(error)
                return
            }
        }
    }

    private func admit(_ client: AcceptedClient) -> Bool {
        let limit = settings.values.maxConnectionsPerAddress
        if state.counts.admit(client.account, limit: limit) { return true }
        // Without the address: LogClients= may want it nowhere.
        state.logger.debug("refused a connection: its address, network or machine has \(limit)")
        counters.refused.add(1)
        _ = Descriptor(owning: client.socket)
        return false
    }

    private func seat(_ client: AcceptedClient) -> Seat {
        let limit = max(1, settings.values.maxConnections)
        let own = client.account == .loopback ? limit : limit - Reactor.keptPlaces(of: limit)
        while !state.places.take(limit: own) {
            guard makeRoom() else {
                warn(
                    .crowd,
                    "\(own) connections, none of which idles: others wait until one ends. Raise MaxConnections= of passim.conf, or the limit of open files (LimitNOFILE=), if this stays"
                )
                return .crowded
            }
        }
        do throws(SystemError) {
            var placed = client
            placed.socket = try outOfReserve(client.socket)
            place(placed)
            return .taken
        } catch {
            state.places.leave()
            warnOfDescriptors(error)
            return .exhausted
        }
    }

    /// Places for this host's own clients, which others do not get.
    private static func keptPlaces(of limit: Int) -> Int {
        limit < 16 ? min(1, limit - 1) : min(32, limit / 16)
    }

    /// The kernel gives the lowest number that is free, so one of the last is a sign that there are no others: it is
    /// exchanged for one that is given up.
    private func outOfReserve(_ number: CInt) throws(SystemError) -> CInt {
        let limit = settings.values.descriptorsForConnections
        if Int(number) < limit { return number }
        // Files are opened again at less cost than a handshake has.
        files.removeAll()
        if let moved = try lowerNumber(of: number) { return moved }
        if makeRoom(), let moved = try lowerNumber(of: number) { return moved }
        throw SystemError(code: .tooManyFiles, call: .accept4)
    }

    /// - Returns: nil where there is none out of the reserve; the present one stays open then.
    private func lowerNumber(of number: CInt) throws(SystemError) -> CInt? {
        let socket = Descriptor(owning: number)
        let moved: Descriptor
        do throws(SystemError) {
            moved = try socket.duplicate()
        } catch {
            _ = socket.release()
            throw error
        }
        if moved.lend({ Int($0) }) < settings.values.descriptorsForConnections { return moved.release() }
        _ = socket.release()
        return nil
    }

    /// Until somebody has gone, or for a moment. Who has been accepted waits here, the others in the kernel; where only
    /// the places for others are taken, some are accepted nevertheless, as this host's own may be behind them.
    ///
    /// - Returns: whether others may be accepted.
    private func waitForPlace(after seat: Seat) -> Bool {
        acceptAgainAt = now + Reactor.pause
        for (other, mailbox) in state.mailboxes.enumerated() where other != number { mailbox.send(.makeRoom) }
        if seat == .crowded, waiting.count < Reactor.mostWaiting, waiting.first?.account != .loopback {
            return true
        }
        unwatchListeners()
        return false
    }

    /// Without descriptors, a listener that stays readable would have the reactor spin. What idles makes room.
    private func pauseAccepting(_ error: SystemError) {
        // accept4(2) says EINVAL once the socket has stopped listening: the server is ending.
        if error.code == .invalid { return stopListening() }
        warnOfDescriptors(error)
        files.removeAll()
        _ = waitForPlace(after: .exhausted)
        makeRoom()
    }

    private func warnOfDescriptors(_ error: SystemError) {
        warn(
            .descriptors,
            "not accepting for a moment: \(error). Raise the limit of open files (LimitNOFILE=) if this stays"
        )
    }

    private func refuse(_ client: AcceptedClient) {
        counters.refused.add(1)
        _ = Descriptor(owning: client.socket)
        state.counts.leave(client.account)
    }

    /// With the reactor with the fewest connections; with this one when there is no better. It has its place.
    private func place(_ client: AcceptedClient) {
        var best = number
        var fewest = state.loads[number].connections.load(ordering: .relaxed)
        for (other, load) in state.loads.enumerated() where other != number {
            let count = load.connections.load(ordering: .relaxed)
            if count < fewest {
                best = other
                fewest = count
            }
        }
        state.loads[best].connections.add(1, ordering: .relaxed)
        if best == number || !state.mailboxes[best].send(.adopt(client)) {
            adopt(client, countedFor: best)
        }
    }

    /// - Parameter placed: the number of the reactor that it is counted for: this one, or one that has ended.
    func adopt(_ client: AcceptedClient, countedFor placed: Int) {
        generation &+= 1
        if placed != number {
            state.loads[placed].connections.subtract(1, ordering: .relaxed)
            state.loads[number].connections.add(1, ordering: .relaxed)
        }
        guard drainDeadline == nil else { return giveUp(client) }
        let connection = Connection(client, generation: generation, reactor: self)
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
        // The client speaks first: a handshake that is begun before it has holds 50 KiB of buffers for
        // somebody who may never speak.
    }

    /// One that is counted for this reactor already.
    func giveUp(_ client: AcceptedClient) {
        state.places.leave()
        state.loads[number].connections.subtract(1, ordering: .relaxed)
        refuse(client)
    }

    /// Ends connections for others: those that wait for a next request, longest first; where there are none, those
    /// that have had time for a handshake or a head and not used it; else of those that read slowly the slowest. Who is
    /// in the midst of it is spared: where more come than there is room for, each would be ended for the next, and none
    /// would ever be served.
    ///
    /// Some at a time, so that a flood does not look through all connections for each of its own.
    ///
    /// - Returns: false where there is nobody to end.
    @discardableResult
    func makeRoom() -> Bool {
        let patience = settings.values.timeLimits.contended
        var resting: [Connection] = []
        var late: [Connection] = []
        for case let connection? in connections where connection.isWaiting {
            if connection.isResting {
                resting.append(connection)
            } else if connection.waitingSince + patience <= now {
                late.append(connection)
            }
        }
        var victims = resting.isEmpty ? late : resting
        victims.sort { $0.waitingSince < $1.waitingSince }
        for victim in victims.prefix(max(1, victims.count / 32)) { dismiss(victim) }
        if !victims.isEmpty { return true }
        guard let slowest = slowestReader() else { return false }
        close(slowest)
        return true
    }

    /// nil where nobody reads slowly.
    private func slowestReader() -> Connection? {
        var slowest: (connection: Connection, speed: UInt64)?
        for case let connection? in connections {
            guard let speed = connection.slowSpeed(self), speed < slowest?.speed ?? .max else { continue }
            slowest = (connection, speed)
        }
        return slowest?.connection
    }
}
