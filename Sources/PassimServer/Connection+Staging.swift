// Writing a response's head, and what of its content is read with it, to the reactor's plaintext buffer.
// Nothing here waits.

internal import PassimCore
internal import PassimHTTP
internal import PassimSystem

extension Connection {
    /// A short answer that says what is wrong.
    func answer(_ status: Status, _ reason: StaticString, to head: RequestHead, _ reactor: Reactor) {
        answer(status, because: "\(reason)", to: head, reactor)
    }

    func answer(_ status: Status, because reason: String, to head: RequestHead, _ reactor: Reactor) {
        let body = errorPage(status, reason: reason)
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

    /// 503 with the seconds after which it is worth while to ask again: as long as a file that was written must rest
    /// before it is hashed.
    func answerLater(_ reason: StaticString, isHead: Bool, _ reactor: Reactor) {
        let body = errorPage(.serviceUnavailable, reason: "\(reason)")
        stage(.serviceUnavailable, body: body, isHead: isHead, reactor) { writer in
            writer.field("Content-Type", Connection.htmlType)
            writer.field("Retry-After", "2")
        }
    }

    /// - Parameter isHead: the content is counted and not sent.
    func stage(
        _ status: Status, body: [UInt8], isHead: Bool, _ reactor: Reactor,
        fields: (inout HeadWriter) -> Void
    ) {
        let count = writeHead(
            status, length: status == .notModified ? nil : UInt64(body.count), reactor, fields)
        reactor.counters.note(status)
        response = Response(content: isHead ? .none : .memory(body, offset: 0), staged: count)
    }

    /// Stages the answer with a file, and reads the first bytes of its content: as long as nothing has been sent, a
    /// file that is not what it was can still be answered for.
    ///
    /// - Parameter wanted: bytes that may be sent now; 0 has them sent later.
    /// - Parameter fetched: what a thread has read of them, having compared the file; nil: no thread has.
    /// - Returns: false where nothing is staged, as a thread has to read first.
    func stage(
        _ plan: FilePlan, _ file: PreparedFile, wanted: Int, _ throttle: Throttle, fetched: [UInt8]?,
        _ reactor: Reactor
    ) throws(PreparedFile.Fault) -> Bool {
        file.lastUsed = reactor.now
        switch plan.outcome {
        case .notModified:
            if fetched == nil, try !file.verifyCached() { return false }
            stage(.notModified, body: [], isHead: true, reactor) { writer in
                writeFields(of: file, plan, to: &writer, reactor)
            }
        case .preconditionFailed:
            if fetched == nil, try !file.verifyCached() { return false }
            stage(
                .preconditionFailed,
                body: errorPage(
                    .preconditionFailed,
                    reason: "The file is not as If-Match or If-Unmodified-Since wants it."),
                isHead: plan.isHead, reactor
            ) { writer in
                writer.field("Content-Type", Connection.htmlType)
            }
        case .unsatisfiable:
            if fetched == nil, try !file.verifyCached() { return false }
            stage(
                .rangeNotSatisfiable,
                body: errorPage(.rangeNotSatisfiable, reason: "The file has \(plan.size) bytes."),
                isHead: plan.isHead, reactor
            ) { writer in
                writer.contentRange(unsatisfiableOf: plan.size)
                writer.field("Content-Type", Connection.htmlType)
            }
        case .content(let part):
            return try stageContent(part, plan, file, wanted: wanted, throttle, fetched: fetched, reactor)
        }
        return true
    }

    private func writeFields(
        of file: PreparedFile, _ plan: FilePlan, to writer: inout HeadWriter, _ reactor: Reactor
    ) {
        file.fields.withUnsafeBytes { writer.fields($0) }
        // A copy of what a name stood for is to be asked about each time.
        writer.field("Cache-Control", plan.isByName ? "no-cache" : "public, immutable")
        if plan.wantsDigest { writer.field("Digest", instanceDigest: file.entry.digest) }
        if file.entry.identity.modified.seconds <= reactor.date.value.seconds {
            file.modified.withUnsafeBytes { writer.fields($0) }
        } else {
            // A file from the future was changed when its response was made, as far as others are told (RFC 9110,
            // 8.8.2.1).
            writer.field("Last-Modified", date: reactor.date.value)
        }
    }

    private func stageContent(
        _ part: ByteRange?, _ plan: FilePlan, _ file: PreparedFile, wanted: Int, _ throttle: Throttle,
        fetched: [UInt8]?, _ reactor: Reactor
    ) throws(PreparedFile.Fault) -> Bool {
        let (first, count) = (part?.first ?? 0, part?.count ?? plan.size)
        let status: Status = part == nil ? .ok : .partialContent
        let headCount = writeHead(status, length: count, reactor) { writer in
            if let part { writer.contentRange(part, size: plan.size) }
            writeFields(of: file, plan, to: &writer, reactor)
        }
        var staged = Response(content: .none, staged: headCount)
        staged.throttle = throttle
        var read = 0
        if let fetched {
            staged.fetched = fetched
        } else if wanted > 0 {
            let space = UnsafeMutableRawBufferPointer(rebasing: reactor.plain[headCount..<headCount + wanted])
            guard let count = try readNow(file, into: space, at: first, plan, reactor) else { return false }
            read = count
            staged.throttle.spend(read)
        } else if try !file.verifyCached() {
            return false
        }
        if !plan.isHead { staged.counted = try beginDelivery(of: file, bytes: count, reactor) }
        reactor.counters.note(status)
        guard !plan.isHead, count > 0 else {
            response = staged
            return true
        }
        staged.staged += read
        staged.content = .file(file, offset: first + UInt64(read), remaining: count - UInt64(read))
        response = staged
        reactor.senders += 1
        if count > UInt64(BufferPool.largeTurn) {
            file.adviseSequential()
            // Tens of thousands of records are coming.
            beBusy()
        }
        return true
    }

    /// The first bytes of a file's content, from memory.
    ///
    /// - Returns: nil where a thread has to read them.
    private func readNow(
        _ file: PreparedFile, into space: UnsafeMutableRawBufferPointer, at offset: UInt64, _ plan: FilePlan,
        _ reactor: Reactor
    ) throws(PreparedFile.Fault) -> Int? {
        // A name stands for what the file is now.
        if plan.isByName { return try file.readCached(into: space, at: offset) }
        if file.isWorthHolding(), reactor.mayHold(file) { try file.hold(now: reactor.now) }
        if let count = try file.readHeld(into: space, at: offset, now: reactor.now) { return count }
        return try file.readCached(into: space, at: offset)
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
    func writeHead(
        _ status: Status, length: UInt64?, _ reactor: Reactor, _ fields: (inout HeadWriter) -> Void
    ) -> Int {
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
