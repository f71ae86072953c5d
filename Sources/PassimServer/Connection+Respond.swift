internal import PassimCore
internal import PassimCrypto
internal import PassimHTTP

extension Connection {
    /// Reads, encrypts and counts the next part of the response, up to the turn's budget.
    func respond(_ reactor: Reactor, _ budget: inout Int) -> Step {
        // Taken out and not copied: a copy would count references for each request.
        while var current = response.take() {
            let step = produce(&current, reactor, &budget)
            response = current
            switch step {
            case .goOn where current.isComplete:
                return finishResponse(reactor, &budget)
            case .goOn: continue
            default: return step
            }
        }
        return .cut
    }

    private func finishResponse(_ reactor: Reactor, _ budget: inout Int) -> Step {
        endResponse(reactor, complete: true)
        phase = .request
        if closesAfterResponse { return .finish }
        beginWaiting(reactor)
        if heldInput.isEmpty && !session.hasBufferedInput {
            // The next request has not come, or only to the socket: epoll tells.
            return .goOn
        }
        // However small a response is, pipelined requests end a turn at some time.
        budget -= 512
        guard budget > 0 else {
            if !isResumable {
                isResumable = true
                reactor.resumable.append(self)
            }
            return .pause
        }
        return .goOn
    }

    /// One fill of the plaintext buffer, encrypted.
    private func produce(_ current: inout Response, _ reactor: Reactor, _ budget: inout Int) -> Step {
        guard budget > 0 || current.staged > 0 else { return .pause }
        var plaintext = current.staged
        budget -= plaintext
        current.staged = 0
        switch current.content {
        case .none: break
        case .memory(let bytes, let offset):
            // The head has been charged already, and may have used up more than was left.
            let count = max(0, min(bytes.count - offset, budget, reactor.plain.count - plaintext))
            bytes.withUnsafeBytes { bytes in
                UnsafeMutableRawBufferPointer(rebasing: reactor.plain[plaintext...])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count]))
            }
            plaintext += count
            budget -= count
            current.content = .memory(bytes, offset: offset + count)
        case .file(let file, let offset, let remaining):
            // Staged bytes hold the first piece already, or wait until the rate limit lets them go.
            guard remaining > 0, budget > 0, plaintext == 0 else { break }
            if current.reading != nil { return .pause }
            let room = Int(min(remaining, UInt64(min(budget, BufferPool.piece))))
            do throws(PreparedFile.Fault) {
                if let fault = current.fault { throw fault }
                guard let count = try fill(&current, file, offset, remaining: remaining, room, reactor) else {
                    return .pause
                }
                plaintext = count
                budget -= count
                current.content = .file(
                    file, offset: offset + UInt64(count), remaining: remaining - UInt64(count))
            } catch {
                switch error {
                case .stale, .unreadable: reactor.drop(file.entry, because: error)
                case .exhausted, .unavailable, .hanging: break
                }
                return .cut
            }
        }
        return encrypt(plaintext, reactor) ? .goOn : .cut
    }

    /// Fills the plaintext buffer with what comes next: what a thread has read, or what is in memory.
    ///
    /// - Returns: nil where its rate limit has to be waited for, or a thread, which is told.
    private func fill(
        _ current: inout Response, _ file: PreparedFile, _ offset: UInt64, remaining: UInt64, _ room: Int,
        _ reactor: Reactor
    ) throws(PreparedFile.Fault) -> Int? {
        let fetched = min(room, current.fetched.count - current.fetchedFrom)
        if fetched > 0 {
            current.fetched.withUnsafeBytes { bytes in
                reactor.plain.copyMemory(
                    from: UnsafeRawBufferPointer(
                        rebasing: bytes[current.fetchedFrom..<current.fetchedFrom + fetched]))
            }
            current.fetchedFrom += fetched
            if current.fetchedFrom == current.fetched.count {
                current.fetched = []
                current.fetchedFrom = 0
            }
            return fetched
        }
        let allowed = current.throttle.available(room, remaining: remaining, now: reactor.now)
        if allowed == 0 {
            throttledUntil = RateLimiter.nextSlice(after: reactor.now)
            return nil
        }
        let space = UnsafeMutableRawBufferPointer(rebasing: reactor.plain[..<allowed])
        var read = try file.readHeld(into: space, at: offset, now: reactor.now)
        if read == nil { read = try file.readCached(into: space, at: offset) }
        if let count = read {
            current.throttle.spend(count)
            return count
        }
        // As much as a turn takes: it comes when the next one begins.
        var count = allowed
        if current.throttle.isUnlimited { count = Int(min(remaining, UInt64(reactor.turnSize))) }
        current.throttle.spend(count)
        current.reading = try begin(
            FileWork(subject: .opened(file), offset: offset, count: count), on: file.entry, isUnderWay: true,
            reactor)
        return nil
    }

    /// The first `count` bytes of the plaintext buffer, as records in the turn's output.
    private func encrypt(_ count: Int, _ reactor: Reactor) -> Bool {
        var done = 0
        while done < count {
            switch session.write(UnsafeRawBufferPointer(rebasing: reactor.plain[done..<count])) {
            case .done(let written): done += written
            // The output grows as it must, so OpenSSL has no reason to wait for anything.
            case .wantsInput, .ended, .failed: return false
            }
        }
        return true
    }

    /// The kernel has all of what ended: sent is what it has taken, as until then it can be cut off.
    func confirm(_ reactor: Reactor) {
        for var counted in unconfirmed {
            counted.delivery.sent = counted.delivery.reserved
            counted.delivery.isComplete = true
            count(counted, reactor)
        }
        unconfirmed.removeAll(keepingCapacity: true)
    }

    /// The connection ends before the kernel has all: what has reached the client counts, no more. The kernel's
    /// buffers hold megabytes, which would be shares that nobody has had.
    func countCutOff(_ reactor: Reactor) {
        var missing = undeliveredByteCount
        /// - Parameter written: bytes of content.
        func count(_ cut: CountedDelivery, written: UInt64) {
            var cut = cut
            cut.delivery.sent = written - min(written, missing)
            missing -= min(written, missing)
            reactor.counters.cutOff.add(1)
            self.count(cut, reactor)
        }
        // The last that was written is the first that is missing.
        if let response, let counted = response.counted {
            missing += UInt64(response.staged)
            count(counted, written: counted.delivery.reserved - response.unwritten)
        }
        response?.counted = nil
        for counted in unconfirmed.reversed() { count(counted, written: counted.delivery.reserved) }
        unconfirmed.removeAll()
    }

    private func count(_ counted: CountedDelivery, _ reactor: Reactor) {
        let delivery = counted.delivery
        if counted.cooldown > 0 {
            reactor.state.cooldowns.end(
                delivery.entry.digest, for: peer, weight: delivery.weight, size: delivery.entry.identity.size,
                seconds: counted.cooldown, now: reactor.now)
        }
        reactor.counters.sharedBytes.add(delivery.sent)
        if reactor.state.shares.end(delivery) { reactor.counters.shares.add(1) }
    }

    /// The response is written, or never will be.
    func endResponse(_ reactor: Reactor, complete: Bool) {
        guard let ended = response else { return }
        response = nil
        if let reading = ended.reading { reactor.state.threads.cancel(reading) }
        if case .file(let file, _, _) = ended.content {
            reactor.senders -= 1
            file.lastUsed = reactor.now
        }
        if complete, let counted = ended.counted { unconfirmed.append(counted) }
    }
}
