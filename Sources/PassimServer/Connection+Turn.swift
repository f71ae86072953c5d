internal import PassimCrypto
internal import PassimHTTP
internal import PassimSystem

extension Connection {
    /// Outcome of a stage of a turn.
    enum Step {
        /// The next stage can follow at once.
        case goOn
        /// Nothing more in this turn.
        case pause
        /// Send what is written, then close.
        case finish
        /// Close without another word: what was being sent cannot be finished.
        case cut
    }

    /// Everything that can be done for this connection now, up to one batch of output.
    func turn(_ reactor: Reactor, _ interest: Poller.Interest) {
        // It is broken: nothing can be sent any more.
        if interest.contains(.error) { return reactor.close(self) }
        // Before the end of both sides, which the kernel reports though it may still be sending for us: what was
        // not read would reset the connection.
        if phase == .linger { return linger(reactor) }
        if interest.contains(.hangUp) { return reactor.close(self) }
        if interest.contains(.input) { transport.pointee.beginReading() }

        // Output left by the last turn goes first.
        let isEndOfOutput = transport.pointee.output != nil
        switch flush(reactor) {
        case .all:
            // The end of a response is when it is gone, which with a slow client is long after it was made.
            if isEndOfOutput, phase == .request { beginWaiting(reactor) }
        case .some: return watch(.output, reactor)
        case .broken: return reactor.close(self)
        }
        guard let buffer = reactor.buffers.take(turn: reactor.turnSize) else { return reactor.close(self) }
        transport.pointee.output = buffer

        let step = advance(reactor)
        if step == .cut { return reactor.close(self) }
        if step == .finish, phase != .handshake { session?.shutdown() }
        switch flush(reactor) {
        case .broken: reactor.close(self)
        case .some:
            if step == .finish { closesAfterResponse = true }
            if phase != .response { beginMeasuring() }
            watch(.output, reactor)
        case .all: settle(step, reactor)
        }
    }

    /// From stage to stage until something must be waited for.
    private func advance(_ reactor: Reactor) -> Step {
        var budget = reactor.turnSize
        while true {
            let step: Step
            switch phase {
            case .hello: step = hello(reactor)
            case .handshake: step = handshake(reactor)
            case .request: step = closesAfterResponse ? .finish : request(reactor)
            case .response: step = respond(reactor, &budget)
            case .waiting: step = endWaiting(reactor)
            case .linger: step = .pause
            }
            if step != .goOn { return step }
        }
    }

    /// All output is with the kernel: what to wait for.
    private func settle(_ step: Step, _ reactor: Reactor) {
        switch step {
        case .finish:
            if transport.pointee.ended { reactor.close(self) } else { beginLinger(reactor) }
        case .pause where phase == .response && response?.reading != nil:
            // A thread reads, and tells.
            watch([], reactor)
        case .pause where phase == .response && throttledUntil > reactor.now:
            watch([], reactor)
            reactor.throttled.append(self)
        case .pause where phase == .response:
            watch(.output, reactor)
        case .pause where phase == .waiting:
            // Pipelined requests wait; that the client has gone is reported all the same.
            watch([], reactor)
        case .pause:
            watch(.input, reactor)
        case .goOn, .cut: break
        }
    }

    private func handshake(_ reactor: Reactor) -> Step {
        switch session.handshake() {
        case .done:
            reactor.counters.handshakes.add(1)
            phase = .request
            waitingSince = reactor.now
            deadline = reactor.now + reactor.settings.values.timeLimits.head
            return .goOn
        case .wantsInput: return .pause
        // The alert that OpenSSL has written tells the client what was wrong.
        case .ended, .failed:
            reactor.counters.failedHandshakes.add(1)
            return .finish
        }
    }

    /// close_notify where nothing else is under way: an end, and not a cut (RFC 8446, 6.1).
    func sayGoodbye(_ reactor: Reactor) {
        guard phase == .request, transport.pointee.output == nil,
            let buffer = reactor.buffers.take(turn: BufferPool.smallTurn)
        else { return }
        transport.pointee.output = buffer
        session.shutdown()
        // Bytes the socket does not take are lost with the connection.
        _ = flush(reactor)
    }

    private func beginLinger(_ reactor: Reactor) {
        phase = .linger
        endSending()
        deadline = reactor.now + reactor.settings.values.timeLimits.linger
        watch(.input, reactor)
    }

    private func linger(_ reactor: Reactor) {
        if !discardInput() { reactor.close(self) }
    }
}
