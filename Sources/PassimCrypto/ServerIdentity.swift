internal import COpenSSL
package import PassimCore

/// The server's private key and certificate chain.
package final class ServerIdentity: Sendable {
    private let key: PrivateKey
    private let chain: CertificateChain
    /// True if the certificate is one of our own, which is made anew when it ends.
    package let isMade: Bool

    /// - Parameter isMade: whether the certificate is one of our own.
    init(key: PrivateKey, chain: CertificateChain, isMade: Bool) {
        self.key = key
        self.chain = chain
        self.isMade = isMade
    }

    /// True if a certificate of our own has to be made anew: it has expired, or the clock that it was made by was
    /// ahead.
    package func isOutdated(at now: Timestamp) -> Bool {
        isMade && chain.validity(at: now.seconds) != .valid
    }

    /// When the certificate ends, in seconds since 1970.
    package var end: Int64? { chain.end }

    /// Paths of the two files: `secret.key` and `cert.pem` in `$LOCALSTATEDIR/lib/passim`.
    package struct Location: Hashable, Sendable {
        package var keyPath: String
        package var certificatePath: String

        package init(keyPath: String, certificatePath: String) {
            self.keyPath = keyPath
            self.certificatePath = certificatePath
        }
    }

    /// Reads key and certificate, and makes what is missing. What this program has made itself is made anew where it
    /// cannot be used, or is not valid now.
    ///
    /// An administrator's files are never replaced. An expired certificate is used nevertheless: peers check
    /// digests and not certificates.
    ///
    /// - Parameter hostName: as gethostname(2) has it.
    /// - Parameter now: `wallClock()`.
    /// - Returns: an identity, if need be in memory only, and what happened in the order it did.
    /// - Throws: where the administrator's key or certificate cannot be used, or OpenSSL can make none.
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
