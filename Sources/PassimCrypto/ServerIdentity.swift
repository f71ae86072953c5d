internal import COpenSSL
package import PassimCore

/// The server's private key and certificate chain.
package final class ServerIdentity: Sendable {
    private let key: PrivateKey
    private let chain: CertificateChain

    init(key: PrivateKey, chain: CertificateChain) {
        self.key = key
        self.chain = chain
    }

    /// Where the two files are: `secret.key` and `cert.pem` in `$LOCALSTATEDIR/lib/passim`.
    package struct Location: Hashable, Sendable {
        package var keyPath: String
        package var certificatePath: String

        package init(keyPath: String, certificatePath: String) {
            self.keyPath = keyPath
            self.certificatePath = certificatePath
        }
    }

    /// Reads key and certificate, and makes what is missing, cannot be used, or has expired.
    ///
    /// Expiry is judged here and never again: a server that runs on with an expired certificate is of
    /// more use to peers, who check digests and not certificates, than one that stops.
    ///
    /// - Parameter hostName: as gethostname(2) has it.
    /// - Parameter now: `wallClock()`.
    /// - Returns: an identity always, if need be in memory only, and what happened in the order it did.
    /// - Throws: only where OpenSSL cannot make a key and certificate at all.
    package static func load(
        from location: Location, hostName: String, now: Timestamp
    ) throws(CryptoError) -> (ServerIdentity, [Event]) {
        var loading = IdentityLoading(
            location: location, template: SelfSignedCertificate(hostName: hostName, now: now.seconds))
        let identity = try loading.run()
        return (identity, loading.events)
    }

    /// Has a context answer with this identity: certificate, the rest of the chain, and the key, which
    /// OpenSSL compares with the certificate.
    ///
    /// - Parameter context: an `SSL_CTX *` that no connection is being made from meanwhile.
    /// - Throws: also for what OpenSSL's security level refuses (an RSA key of 1024 bits, say).
    package func use(in context: OpaquePointer) throws(CryptoError) {
        let used = chain.lend { certificates in
            certificates.map(Optional.some).withUnsafeBufferPointer { buffer in
                key.lend { copenssl_use_identity(context, buffer.baseAddress, buffer.count, $0) }
            }
        }
        guard used == 1 else { throw CryptoError(doing: "taking the key and certificate into use") }
    }

    /// Tries it in a context of its own.
    func check() throws(CryptoError) {
        guard let context = SSL_CTX_new(TLS_server_method()) else {
            throw CryptoError(doing: "making a TLS context")
        }
        defer { SSL_CTX_free(context) }
        try use(in: context)
    }
}
