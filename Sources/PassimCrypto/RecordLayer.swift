/// The layer between the bytes of a server's connection and a `TLSTransport`: records of TLS, or nothing.
package enum RecordLayer {
    case tls(TLSSession)
    case plain(PlainSession)

    /// - Returns: `.done` with 0 when the handshake is over, and where there is none.
    package func handshake() -> TLSSession.Outcome {
        switch self {
        case .tls(let session): session.handshake()
        case .plain: .done(0)
        }
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) -> TLSSession.Outcome {
        switch self {
        case .tls(let session): session.read(into: buffer)
        case .plain(let session): session.read(into: buffer)
        }
    }

    /// - Returns: how many bytes are on their way, at least 1 of those that there are.
    @inline(__always)
    package func write(_ bytes: UnsafeRawBufferPointer) -> TLSSession.Outcome {
        switch self {
        case .tls(let session): session.write(bytes)
        case .plain(let session): session.write(bytes)
        }
    }

    package func keepBuffers(_ keep: Bool) {
        if case .tls(let session) = self { session.keepBuffers(keep) }
    }

    /// Says that nothing more comes, where there is a word for that.
    package func shutdown() {
        if case .tls(let session) = self { session.shutdown() }
    }

    /// Bytes that have been taken from the socket and not read: epoll tells nothing of them.
    package var hasBufferedInput: Bool {
        if case .tls(let session) = self { session.hasBufferedInput } else { false }
    }
}

/// A connection without TLS: the bytes themselves, within the same bounds of a turn.
package struct PlainSession {
    private let transport: UnsafeMutablePointer<TLSTransport>

    /// - Parameter transport: outlives the session.
    package init(transport: UnsafeMutablePointer<TLSTransport>) {
        self.transport = transport
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> TLSSession.Outcome {
        switch transport.pointee.receive(into: buffer) {
        case .bytes(let count): .done(count)
        case .nothing: .wantsInput
        case .end: .ended
        case .failure: .failed
        }
    }

    @inline(__always)
    func write(_ bytes: UnsafeRawBufferPointer) -> TLSSession.Outcome {
        guard !bytes.isEmpty else { return .done(0) }
        return transport.pointee.output?.append(bytes) == true ? .done(bytes.count) : .failed
    }
}
