internal import COpenSSL

/// One TLS connection of the server over a `TLSTransport`. For one thread at a time.
///
/// OpenSSL's error queue is emptied whenever a call fails, so it is empty whenever a call begins, as
/// SSL_get_error(3) requires.
package final class TLSSession {
    /// The outcome of a call.
    package enum Outcome {
        /// Bytes read or taken; 0 for a handshake that is done.
        case done(Int)
        /// Nothing more can happen until the peer sends.
        case wantsInput
        /// The peer has ended the connection, orderly or not.
        case ended
        case failed
    }

    private let handle: OpaquePointer
    private let transport: UnsafeMutablePointer<TLSTransport>

    /// - Parameter transport: outlives the session.
    package init?(context: TLSContext, transport: UnsafeMutablePointer<TLSTransport>) {
        guard let handle = SSL_new(context.handle) else {
            ERR_clear_error()
            return nil
        }
        guard let bio = TransportBIO.make(transport) else {
            SSL_free(handle)
            ERR_clear_error()
            return nil
        }
        SSL_set_bio(handle, bio, bio)
        SSL_set_accept_state(handle)
        self.handle = handle
        self.transport = transport
    }

    deinit {
        SSL_free(handle)
    }

    /// SSL_do_handshake(3).
    package func handshake() -> Outcome {
        let result = SSL_do_handshake(handle)
        if result == 1 { return .done(0) }
        return outcome(of: result)
    }

    /// SSL_read(3).
    package func read(into buffer: UnsafeMutableRawBufferPointer) -> Outcome {
        let result = SSL_read(handle, buffer.baseAddress, CInt(clamping: buffer.count))
        if result > 0 { return .done(Int(result)) }
        return outcome(of: result)
    }

    /// SSL_write(3) of at most one record, 16 KiB.
    @inline(__always)
    package func write(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        let result = SSL_write(handle, bytes.baseAddress, CInt(min(bytes.count, TLSSession.recordSize)))
        if result > 0 { return .done(Int(result)) }
        return outcome(of: result)
    }

    /// Bytes of plaintext in a full record (RFC 8446, 5.1).
    package static let recordSize = 16384

    /// Keeps OpenSSL's record buffers, 32 KiB, between records, or does not. A connection that is asked again
    /// and again saves their malloc(3) and free(3), some 4 % of a small request; an idle one must not have
    /// them.
    package func keepBuffers(_ keep: Bool) {
        _ = copenssl_release_buffers_when_empty(handle, keep ? 0 : 1)
        // Refused, and tried again with the next record, where they are not empty.
        if !keep { SSL_free_buffers(handle) }
    }

    /// Queues the close_notify alert (SSL_shutdown(3)): the peer can tell an end from a cut.
    package func shutdown() {
        if SSL_shutdown(handle) < 0 { ERR_clear_error() }
    }

    /// Bytes that the peer has sent and OpenSSL has taken from the socket already: epoll tells nothing
    /// of them.
    package var hasBufferedInput: Bool { SSL_has_pending(handle) == 1 }

    private func outcome(of result: CInt) -> Outcome {
        let code = SSL_get_error(handle, result)
        switch code {
        case SSL_ERROR_WANT_READ:
            return .wantsInput
        case SSL_ERROR_ZERO_RETURN:
            return .ended
        case SSL_ERROR_SYSCALL:
            ERR_clear_error()
            return transport.pointee.ended || transport.pointee.failure != 0 ? .ended : .failed
        default:
            ERR_clear_error()
            return transport.pointee.ended ? .ended : .failed
        }
    }
}
