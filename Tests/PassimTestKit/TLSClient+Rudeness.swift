// What no honest client does, for tests of how a server bears it.

internal import COpenSSL
internal import PassimCrypto
internal import PassimSystem

extension TLSClient {
    /// Records as they would be on the wire, unsent: to be cut, kept back, changed or sent twice by `sendRaw`.
    package func sealed(_ bytes: [UInt8]) throws(Failure) -> [UInt8] {
        try captured("sealing records") { handle in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes {
                    SSL_write(handle, $0.baseAddress, CInt(clamping: $0.count))
                }
                if count <= 0 { return false }
                rest = rest.dropFirst(Int(count))
            }
            return true
        }
    }

    /// KeyUpdate messages that ask for one of the server's each (RFC 8446, 4.6.3), unsent.
    package func sealedKeyUpdates(_ count: Int) throws(Failure) -> [UInt8] {
        try captured("updating keys") { handle in
            for _ in 0..<count {
                if SSL_key_update(handle, SSL_KEY_UPDATE_REQUESTED) != 1 { return false }
                if SSL_do_handshake(handle) != 1 { return false }
            }
            return true
        }
    }

    /// close_notify, unsent. OpenSSL seals nothing behind it.
    package func sealedClose() throws(Failure) -> [UInt8] {
        try captured("sealing close_notify") { SSL_shutdown($0) >= 0 }
    }

    /// Asks for a second handshake on a connection of TLS 1.2, and waits for it.
    package func renegotiate() throws(Failure) {
        guard SSL_renegotiate(handle) == 1 else { throw .tls(CryptoError(doing: "renegotiating")) }
        _ = try repeating("renegotiating", deadline()) { SSL_do_handshake($0) }
        // The server answers when it reads: until then the client does not know.
        _ = try repeating("renegotiating", deadline()) { handle in
            var byte: UInt8 = 0
            return SSL_peek(handle, &byte, 1)
        }
    }

    /// Sends 0-RTT data before the handshake, with a session that allows it; `handshake()` follows.
    package func sendEarly(_ bytes: [UInt8]) throws(Failure) {
        _ = try repeating("sending early data", deadline()) { handle in
            var written = 0
            return bytes.withUnsafeBytes {
                SSL_write_early_data(handle, $0.baseAddress, $0.count, &written)
            }
        }
    }

    /// Whether early data was sent and the server took it.
    package var isEarlyDataAccepted: Bool { SSL_get_early_data_status(handle) == SSL_EARLY_DATA_ACCEPTED }

    /// Ends our side of the TCP connection without a word of TLS.
    package func endSending() {
        socket.endSending()
    }

    /// What OpenSSL writes meanwhile, instead of sending it.
    private func captured(
        _ doing: String, _ body: (OpaquePointer) -> Bool
    ) throws(Failure) -> [UInt8] {
        let output = SSL_get_wbio(handle)
        BIO_up_ref(output)
        SSL_set0_wbio(handle, BIO_new(BIO_s_mem()))
        let succeeded = body(handle)
        let bytes = MemoryBIO.taken(from: SSL_get_wbio(handle))
        SSL_set0_wbio(handle, output)
        guard succeeded else { throw .tls(CryptoError(doing: doing)) }
        return bytes
    }
}
