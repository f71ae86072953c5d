// Before TLS: the bytes of a ClientHello are kept until it is whole.

internal import PassimCrypto
internal import PassimHTTP
internal import PassimSystem

extension Connection {
    /// A stage of the turn.
    func hello(_ reactor: Reactor) -> Step {
        // The reactor's buffer is this connection's for as long as the stage lasts.
        let input = reactor.input
        var count = heldInput.count
        input.copyBytes(from: heldInput)
        var isDrained = false
        while true {
            let bytes = UnsafeRawBufferPointer(rebasing: input[..<count])
            switch FirstBytes(bytes) {
            case .tls:
                transport.pointee.begin(with: [UInt8](bytes), drained: isDrained)
                return beginHandshake(reactor)
            case .plainHTTP:
                if let step = answerPlainly(bytes, reactor) { return step }
            case .incomplete: break
            }
            if isDrained {
                heldInput = [UInt8](bytes)
                return .pause
            }
            let room = UnsafeMutableRawBufferPointer(rebasing: input[count..<FirstBytes.longest + 1])
            do throws(SystemError) {
                guard let more = try receive(into: room) else {
                    isDrained = true
                    continue
                }
                if more == 0 { return hasBegun(count, reactor) }
                isDrained = more < room.count
                count += more
            } catch {
                return .cut
            }
        }
    }

    private func beginHandshake(_ reactor: Reactor) -> Step {
        heldInput = []
        guard beginSession(reactor) else { return .cut }
        phase = .handshake
        return .goOn
    }

    /// The client has ended its side before it had said enough.
    private func hasBegun(_ count: Int, _ reactor: Reactor) -> Step {
        transport.pointee.ended = true
        reactor.counters.failedHandshakes.add(1)
        return .finish
    }

    // MARK: http:// on this port

    /// 400 and a sentence with the right URL, for who has typed the wrong one.
    ///
    /// - Returns: nil where the head has not come to its end.
    private func answerPlainly(_ bytes: UnsafeRawBufferPointer, _ reactor: Reactor) -> Step? {
        var reason = "This port speaks HTTPS: ask with https:// in place of http://"
        var isHead = false
        // Anew each time: this happens once or twice in a connection's life.
        var parser = RequestParser()
        switch parser.parse(bytes) {
        case .incomplete: return nil
        case .rejected: break
        case .request(let head):
            isHead = head.method == .head
            if let host = head.host, head.method != .other {
                let path = String(decoding: head.path.bytes(of: bytes), as: UTF8.self)
                let query =
                    head.query.map { "?" + String(decoding: $0.bytes(of: bytes), as: UTF8.self) } ?? ""
                reason =
                    "This port speaks HTTPS: ask for https://\(String(decoding: host.bytes(of: bytes), as: UTF8.self))\(path)\(query)"
            }
        }
        closesAfterResponse = true
        let body = errorPage(.badRequest, reason: reason)
        let count = writeHead(.badRequest, length: UInt64(body.count), reactor) { writer in
            writer.field("Content-Type", Connection.htmlType)
        }
        reactor.counters.note(.badRequest)
        let isWritten =
            transport.pointee.output?.append(UnsafeRawBufferPointer(rebasing: reactor.plain[..<count]))
            == true
            && (isHead || body.withUnsafeBytes { transport.pointee.output?.append($0) == true })
        return isWritten ? .finish : .cut
    }
}
