internal import COpenSSL

/// A private key of any kind that OpenSSL reads; freed with the last reference.
// Unchecked: an EVP_PKEY is not written after it was made, and OpenSSL counts its references atomically.
final class PrivateKey: @unchecked Sendable {
    private let pointer: OpaquePointer

    private init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        EVP_PKEY_free(pointer)
    }

    /// Reads the first private key of a PEM text (PKCS #8, or the older forms for RSA and EC).
    ///
    /// A key with a passphrase is an error: there is nobody to ask, and OpenSSL's own way of asking
    /// would open the terminal.
    convenience init(pem: [UInt8], path: String) throws(CryptoError) {
        var askedForPassphrase = false
        let pointer = MemoryBIO.reading(pem) { bio in
            withUnsafeMutablePointer(to: &askedForPassphrase) { asked in
                PEM_read_bio_PrivateKey(bio, nil, refusePassphrase, asked)
            }
        }
        guard let pointer else {
            let error = CryptoError(doing: "reading the private key", path: path)
            if askedForPassphrase {
                throw CryptoError(doing: error.action, path: path, reasons: ["it has a passphrase"])
            }
            throw error
        }
        // Decoders leave errors of the formats they tried first.
        CryptoError.drainQueue()
        self.init(owning: pointer)
    }

    /// A new P-256 key.
    static func make() throws(CryptoError) -> PrivateKey {
        guard let pointer = copenssl_generate_p256() else { throw CryptoError(doing: "making a P-256 key") }
        return PrivateKey(owning: pointer)
    }

    /// PKCS #8, not encrypted.
    func pem() throws(CryptoError) -> [UInt8] {
        let pem = MemoryBIO.written { bio in
            PEM_write_bio_PrivateKey(bio, pointer, nil, nil, 0, nil, nil) == 1
        }
        guard let pem else { throw CryptoError(doing: "writing the private key as PEM") }
        return pem
    }

    /// Lends the EVP_PKEY.
    func lend<Result, Failure: Error>(
        _ body: (OpaquePointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(pointer)
    }
}

/// A pem_password_cb that has no answer and notes that it was asked.
private func refusePassphrase(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: CInt, _ writing: CInt, _ asked: UnsafeMutableRawPointer?
) -> CInt {
    asked?.assumingMemoryBound(to: Bool.self).pointee = true
    return -1
}
