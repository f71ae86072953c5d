// Writing a response's head, and what of its content is read with it, to the reactor's plaintext buffer.

internal import PassimCore
internal import PassimHTTP
internal import PassimSystem

extension Connection {
    /// A short answer that says what is wrong.
    func answer(_ status: Status, _ reason: StaticString, to head: RequestHead, _ reactor: Reactor) {
        let body = errorPage(status, reason: "\(reason)")
        stage(status, body: body, isHead: head.method == .head, reactor) { writer in
            writer.field("Content-Type", Connection.htmlType)
            // Also where HEAD is refused for what it asks: an older peer refuses it for what it is.
            if status == .methodNotAllowed || status == .forbidden { writer.field("Allow", "GET, HEAD") }
        }
    }

    func answer(with page: LocalPage, isHead: Bool, _ reactor: Reactor) {
        stage(page.status, body: page.body, isHead: isHead, reactor) { writer in
            writer.field("Content-Type", page.contentType)
            page.fields.withUnsafeBytes { writer.fields($0) }
        }
    }

    /// - Parameter isHead: the content is counted and not sent.
    func stage(
        _ status: Status, body: [UInt8], isHead: Bool, _ reactor: Reactor,
        fields: (inout HeadWriter) -> Void
    ) {
        let count = writeHead(
            status, length: status == .notModified ? nil : UInt64(body.count), reactor, fields)
        response = Response(content: isHead ? .none : .memory(body, offset: 0), staged: count)
    }

    /// Stages a file, or `count` bytes of it from `first` on, and reads the first of them: as long as
    /// nothing has been sent, a file that is not what it was can still be answered for.
    func stage(
        _ status: Status, _ file: PreparedFile, first: UInt64, count: UInt64, _ head: RequestHead,
        _ reactor: Reactor, fields: (inout HeadWriter) -> Void
    ) throws(PreparedFile.Fault) {
        let headCount = writeHead(status, length: count, reactor) { writer in
            fields(&writer)
            file.fields.withUnsafeBytes { writer.fields($0) }
        }
        var staged = Response(content: .none, staged: headCount)
        guard head.method == .get, count > 0 else {
            try file.verify()
            if head.method == .get { staged.counted = try beginDelivery(of: file, bytes: 0, reactor) }
            response = staged
            return
        }
        staged.allowance = Allowance([file.origin.limiter, reactor.settings.limiter].compactMap { $0 })
        let piece = Int(min(count, UInt64(min(reactor.turnSize, BufferPool.piece))))
        let wanted = staged.allowance.available(piece, remaining: count, now: reactor.now)
        var read = 0
        if wanted > 0 {
            read = try file.read(
                into: UnsafeMutableRawBufferPointer(rebasing: reactor.plain[headCount..<headCount + wanted]),
                at: first)
            staged.allowance.spend(read)
        } else {
            try file.verify()
        }
        staged.counted = try beginDelivery(of: file, bytes: count, reactor)
        staged.staged += read
        staged.content = .file(file, offset: first + UInt64(read), remaining: count - UInt64(read))
        response = staged
        reactor.senders += 1
        if count > UInt64(BufferPool.largeTurn) {
            file.adviseSequential()
            // Tens of thousands of records are coming.
            beBusy()
        }
    }

    /// Reserved when it begins, so that a limit holds for downloads at one time.
    private func beginDelivery(
        of file: PreparedFile, bytes: UInt64, _ reactor: Reactor
    ) throws(PreparedFile.Fault) -> CountedDelivery {
        let entry = file.entry
        guard reactor.state.shares.begin(entry, bytes: bytes) else { throw .unavailable }
        var seconds = 0
        if !isLoopback, file.origin.cooldown > 0 {
            seconds = max(0, cooldown(of: entry.digest, reactor) ?? 0)
            if seconds > 0 { reactor.state.cooldowns.begin(entry.digest, for: peer) }
        }
        return CountedDelivery(
            delivery: Delivery(entry: entry, filename: file.name, address: peer, reserved: bytes),
            cooldown: seconds)
    }

    /// - Parameter length: of the content; nil where there is no Content-Length.
    /// - Returns: bytes of the head.
    private func writeHead(
        _ status: Status, length: UInt64?, _ reactor: Reactor, _ fields: (inout HeadWriter) -> Void
    ) -> Int {
        reactor.counters.note(status)
        reactor.date.refresh(now: reactor.now)
        var writer = HeadWriter(
            UnsafeMutableRawBufferPointer(rebasing: reactor.plain[..<Reactor.headRoom]))
        writer.status(status)
        writer.field("Date", date: reactor.date.value)
        if let length { writer.field("Content-Length", decimal: length) }
        if closesAfterResponse {
            writer.field("Connection", "close")
        } else if announcesKeepAlive {
            writer.field("Connection", "keep-alive")
        }
        fields(&writer)
        // Nothing in a head is as long as its room, nor can end a line: names are percent-encoded.
        guard let count = writer.end() else { preconditionFailure("a response's head does not fit") }
        return count
    }
}
