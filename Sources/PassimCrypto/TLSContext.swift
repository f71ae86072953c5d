internal import COpenSSL

/// How all connections of a server speak TLS: versions, ciphers as the system's policy has them, key and
/// certificate, tickets. Replaced as a whole when key and certificate are read again.
package final class TLSContext: @unchecked Sendable {
    // Unchecked: configured in init, afterwards OpenSSL locks what it changes itself.
    let handle: OpaquePointer

    /// - Parameter identity: what the server shows of itself.
    package init(serving identity: ServerIdentity) throws(CryptoError) {
        guard let handle = SSL_CTX_new(TLS_server_method()) else {
            throw CryptoError(doing: "making a TLS context")
        }
        self.handle = handle
        guard copenssl_set_min_tls12(handle) == 1 else {
            throw CryptoError(doing: "allowing TLS 1.2 and 1.3 only")
        }
        // A client that may renegotiate can make the server work for nothing (RFC 7525, 3.5).
        _ = copenssl_set_server_options(handle)
        // RELEASE_BUFFERS halves an idle connection; a moving buffer, since plaintext is read anew each turn.
        _ = copenssl_set_mode(
            handle,
            Int(SSL_MODE_RELEASE_BUFFERS) | Int(SSL_MODE_ENABLE_PARTIAL_WRITE)
                | Int(SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER))
        // One recv(2) for a record and not two, for its header and its body.
        copenssl_set_read_ahead(handle, 1)
        // Sessions live in tickets, at the client. One ticket is enough for clients that open one
        // connection at a time, and two cost a fifth more of what follows the handshake.
        _ = copenssl_set_session_cache_mode(handle, Int(SSL_SESS_CACHE_OFF))
        SSL_CTX_set_num_tickets(handle, 1)
        let name: StaticString = "passim"
        SSL_CTX_set_session_id_context(handle, name.utf8Start, CUnsignedInt(name.utf8CodeUnitCount))
        try identity.use(in: handle)
    }

    deinit {
        SSL_CTX_free(handle)
    }
}
