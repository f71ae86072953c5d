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
        try TLSContext.keepSoundCiphers(handle)
        TLSContext.keepCurves(handle)
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

    /// Keeps those ciphers of the system's policy for TLS 1.2 that have forward secrecy and authenticated
    /// encryption, as all of TLS 1.3 has. RSA key exchange, which an older daemon's key would allow, and CBC
    /// have been attacked time and again, and no client is left that needs them (RFC 9325, 4.2).
    private static func keepSoundCiphers(_ handle: OpaquePointer) throws(CryptoError) {
        let names = (0..<copenssl_cipher_count(handle)).compactMap { index -> String? in
            let cipher = copenssl_cipher_at(handle, index)
            guard SSL_CIPHER_is_aead(cipher) == 1, SSL_CIPHER_get_kx_nid(cipher) == NID_kx_ecdhe else {
                return nil
            }
            return String(cString: SSL_CIPHER_get_name(cipher))
        }
        // A policy may leave TLS 1.3 alone.
        guard !names.isEmpty else { return }
        guard SSL_CTX_set_cipher_list(handle, names.joined(separator: ":")) == 1 else {
            throw CryptoError(doing: "choosing the ciphers of TLS 1.2")
        }
    }

    /// OpenSSL's own choice without finite fields: for one handshake with ffdhe8192, which costs the client nothing, a
    /// thread that serves others works as long as for hundreds with a curve (CVE-2002-20001).
    private static func keepCurves(_ handle: OpaquePointer) {
        // The first for OpenSSL 3.5, which knows hybrids; what it does not know it refuses as a whole.
        for list in ["X25519MLKEM768:" + curves, curves, "P-256:P-384:P-521"] {
            if copenssl_set_groups(handle, list) == 1 { return }
        }
        // A library built without these has its own.
        CryptoError.drainQueue()
    }

    private static let curves = "X25519:P-256:X448:P-521:P-384"
}
