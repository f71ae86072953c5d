internal import PassimCrypto
internal import PassimHTTP
internal import PassimSystem

extension Connection {
    /// Finds the next request in what has come, reading more as long as there is some, and begins its response.
    func request(_ reactor: Reactor) -> Step {
        // The reactor's buffer is this connection's for as long as the stage lasts.
        let input = reactor.input
        var count = heldInput.count
        input.copyBytes(from: heldInput)
        if count > 0 { heldInput.removeAll() }

        while true {
            if count > 0 {
                let received = UnsafeRawBufferPointer(rebasing: input[..<count])
                switch parser.parse(received) {
                case .incomplete: break
                case .request(let head):
                    hasAsked = true
                    requestsOfLate &+= 1
                    if requestsOfLate == Connection.busy { beBusy() }
                    hold(input[head.length..<count])
                    askedAt = reactor.now
                    beginResponse(to: head, received, reactor)
                    respondOrWait(reactor)
                    return .goOn
                case .rejected(let rejection):
                    beginRejection(rejection.status, rejection.reason, reactor)
                    phase = .response
                    return .goOn
                }
            }
            switch session.read(into: UnsafeMutableRawBufferPointer(rebasing: input[count...])) {
            case .done(let more):
                if count == 0 {
                    waitingSince = reactor.now
                    deadline = reactor.now + reactor.settings.values.timeLimits.head
                }
                count += more
            case .wantsInput:
                hold(input[..<count])
                return .pause
            case .ended:
                return .finish
            case .failed:
                return .finish
            }
        }
    }

    /// The next phase, of a request that was answered or is waited for.
    func respondOrWait(_ reactor: Reactor) {
        guard pending == nil else {
            phase = .waiting
            return
        }
        phase = .response
        // The head goes with this turn. A client that does not read what went before it has itself to blame.
        if let answering {
            let now = monotonicNanoseconds()
            reactor.counters.note(firstByteOf: answering, after: now > askedAt ? now - askedAt : 0)
        }
    }

    private func hold(_ bytes: Slice<UnsafeMutableRawBufferPointer>) {
        if bytes.isEmpty {
            // An idle connection holds no memory for what may come.
            if heldInput.capacity > 0 { heldInput = [] }
        } else {
            heldInput = Array(bytes)
        }
    }
}
