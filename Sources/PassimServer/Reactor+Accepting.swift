internal import Logging
internal import PassimCore
internal import PassimSystem
internal import Synchronization

extension Reactor {
    /// Who has been accepted, and counted for its address, and waits for a place.
    struct Newcomer {
        let socket: CInt
        let peer: IPAddress
    }

    /// Connections accepted in one turn: a flood must not keep those that are served waiting.
    private static let acceptsPerTurn = 16
    private static let pause: UInt64 = 100_000_000

    func listen() {
        acceptAgainAt = nil
        guard !isListening, drainDeadline == nil else { return }
        if let waiting = newcomer {
            newcomer = nil
            guard seat(waiting) else { return waitForPlace(waiting) }
        }
        do throws(SystemError) {
            try listeners.watch(poller)
            isListening = true
        } catch {
            listeners.unwatch(poller)
            acceptAgainAt = now + Reactor.second
            warn(.listening, "not accepting connections for a second: \(error)")
        }
    }

    /// For good.
    func stopListening() {
        unwatchListeners()
        guard let waiting = newcomer else { return }
        newcomer = nil
        refuse(waiting)
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
                let newcomer = Newcomer(socket: accepted.socket, peer: accepted.peer)
                guard admit(newcomer) else { continue }
                let count = state.connectionCount
                guard seat(newcomer) else { return waitForPlace(newcomer) }
                // Those for whom others had to go come one a turn: what the others have sent is read between them.
                if state.connectionCount <= count { return }
            } catch {
                pauseAccepting(error)
                return
            }
        }
    }

    private func admit(_ newcomer: Newcomer) -> Bool {
        let limit = settings.values.maxConnectionsPerAddress
        if state.counts.admit(newcomer.peer, limit: limit) { return true }
        // Without the address: LogClients= may want it nowhere.
        state.logger.debug("refused a connection: its address has \(limit)")
        counters.refused.add(1)
        _ = Descriptor(owning: newcomer.socket)
        return false
    }

    /// - Returns: false where there are as many connections as there may be, or descriptors, and none can go.
    private func seat(_ newcomer: Newcomer) -> Bool {
        let limit = max(1, settings.values.maxConnections)
        while !state.places.take(limit: limit) {
            guard makeRoom() else {
                warn(
                    .crowd,
                    "\(limit) connections, none of which idles: others wait until one ends. Raise MaxConnections= of passim.conf, or the limit of open files (LimitNOFILE=), if this stays"
                )
                return false
            }
        }
        do throws(SystemError) {
            place(Newcomer(socket: try outOfReserve(newcomer.socket), peer: newcomer.peer))
            return true
        } catch {
            state.places.leave()
            warnOfDescriptors(error)
            return false
        }
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

    /// Until somebody has gone, or for a moment: one that is accepted waits here, the others in the kernel.
    private func waitForPlace(_ newcomer: Newcomer? = nil) {
        self.newcomer = newcomer
        unwatchListeners()
        acceptAgainAt = now + Reactor.pause
        for (other, mailbox) in state.mailboxes.enumerated() where other != number { mailbox.send(.makeRoom) }
    }

    /// Without descriptors, a listener that stays readable would have the reactor spin. What idles makes room.
    private func pauseAccepting(_ error: SystemError) {
        // accept4(2) says EINVAL once the socket has stopped listening: the server is ending.
        if error.code == .invalid { return stopListening() }
        warnOfDescriptors(error)
        files.removeAll()
        waitForPlace()
        makeRoom()
    }

    private func warnOfDescriptors(_ error: SystemError) {
        warn(
            .descriptors,
            "not accepting for a moment: \(error). Raise the limit of open files (LimitNOFILE=) if this stays"
        )
    }

    private func refuse(_ newcomer: Newcomer) {
        counters.refused.add(1)
        _ = Descriptor(owning: newcomer.socket)
        state.counts.leave(newcomer.peer)
    }

    /// With the reactor with the fewest connections; with this one when there is no better. It has its place.
    private func place(_ newcomer: Newcomer) {
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
        if best == number || !state.mailboxes[best].send(.adopt(newcomer)) {
            adopt(newcomer, countedFor: best)
        }
    }

    /// - Parameter placed: the number of the reactor that it is counted for: this one, or one that has ended.
    func adopt(_ newcomer: Newcomer, countedFor placed: Int) {
        generation &+= 1
        if placed != number {
            state.loads[placed].connections.subtract(1, ordering: .relaxed)
            state.loads[number].connections.add(1, ordering: .relaxed)
        }
        guard drainDeadline == nil else { return giveUp(newcomer) }
        let connection = Connection(newcomer, generation: generation, reactor: self)
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
    func giveUp(_ newcomer: Newcomer) {
        state.places.leave()
        state.loads[number].connections.subtract(1, ordering: .relaxed)
        refuse(newcomer)
    }

    /// Ends connections for others: those that wait for a next request, longest first; where there are none, those
    /// that have had time for a handshake or a head and not used it. Who is in the midst of it is spared: where more
    /// come than there is room for, each would be ended for the next, and none would ever be served.
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
        return !victims.isEmpty
    }
}
