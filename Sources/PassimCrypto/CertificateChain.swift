internal import COpenSSL

/// The server's certificate and what follows it up to the issuer that clients know; freed with the last
/// reference.
// Unchecked: an X509 is not written after it was made, and OpenSSL counts its references atomically.
final class CertificateChain: @unchecked Sendable {
    /// The server's own first; never empty.
    private let pointers: [OpaquePointer]

    /// - Parameter pointers: not empty, and nobody else's.
    init(owning pointers: [OpaquePointer]) {
        self.pointers = pointers
    }

    deinit {
        for pointer in pointers { X509_free(pointer) }
    }

    /// Reads all certificates of a PEM text; what is no certificate between them is skipped.
    convenience init(pem: [UInt8], path: String) throws(CryptoError) {
        var pointers: [OpaquePointer] = []
        _ = MemoryBIO.reading(pem) { bio in
            while let pointer = PEM_read_bio_X509(bio, nil, nil, nil) { pointers.append(pointer) }
        }
        let last = ERR_peek_last_error()
        // The end of the text has this name too.
        let ended = ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE
        guard !pointers.isEmpty, ended else {
            for pointer in pointers { X509_free(pointer) }
            throw CryptoError(doing: "reading the certificate", path: path)
        }
        CryptoError.drainQueue()
        self.init(owning: pointers)
    }

    var count: Int { pointers.count }

    func pem() throws(CryptoError) -> [UInt8] {
        let pem = MemoryBIO.written { bio in
            pointers.allSatisfy { PEM_write_bio_X509(bio, $0) == 1 }
        }
        guard let pem else { throw CryptoError(doing: "writing the certificate as PEM") }
        return pem
    }

    /// True if the first certificate is for this key.
    func matches(_ key: PrivateKey) -> Bool {
        let matches = key.lend { X509_check_private_key(pointers[0], $0) == 1 }
        CryptoError.drainQueue()
        return matches
    }

    enum Validity: Equatable {
        case valid
        /// Since when it is not valid any more, from when it will be, as OpenSSL prints it (UTC).
        case expired(String)
        case notYet(String)
    }

    /// Judges the first certificate; its issuer is the clients' business.
    ///
    /// - Parameter now: seconds since 1970.
    func validity(at now: Int64) -> Validity {
        let end = X509_get0_notAfter(pointers[0])
        if ASN1_TIME_cmp_time_t(end, Int(now)) < 0 { return .expired(text(of: end)) }
        let start = X509_get0_notBefore(pointers[0])
        if ASN1_TIME_cmp_time_t(start, Int(now)) > 0 { return .notYet(text(of: start)) }
        return .valid
    }

    /// When the first certificate ends (notAfter), in seconds since 1970; nil where OpenSSL cannot tell.
    var end: Int64? {
        defer { CryptoError.drainQueue() }
        guard let epoch = ASN1_TIME_set(nil, 0) else { return nil }
        defer { ASN1_TIME_free(epoch) }
        var (days, seconds): (CInt, CInt) = (0, 0)
        guard ASN1_TIME_diff(&days, &seconds, epoch, X509_get0_notAfter(pointers[0])) == 1 else { return nil }
        return Int64(days) * 86400 + Int64(seconds)
    }

    /// True if this has the form of those that `SelfSignedCertificate` makes, as nobody else's has: one certificate
    /// with one name, signed by itself, with these extensions and no other, and for as long.
    var isSelfMade: Bool {
        defer { CryptoError.drainQueue() }
        let certificate = pointers[0]
        let subject = X509_get_subject_name(certificate)
        guard pointers.count == 1, X509_NAME_cmp(subject, X509_get_issuer_name(certificate)) == 0,
            X509_NAME_entry_count(subject) == 1, X509_NAME_get_index_by_NID(subject, NID_commonName, -1) == 0,
            X509_get_ext_count(certificate) == SelfSignedCertificate.extensions.count,
            SelfSignedCertificate.extensions.allSatisfy({ X509_get_ext_by_NID(certificate, $0, -1) >= 0 }),
            X509_verify(certificate, X509_get0_pubkey(certificate)) == 1
        else { return false }
        let end = X509_get0_notAfter(certificate)
        var (days, seconds): (CInt, CInt) = (0, 0)
        guard ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(certificate), end) == 1 else {
            return false
        }
        return days == SelfSignedCertificate.daysOfValidity && seconds == 0
            || ASN1_TIME_cmp_time_t(end, Int(SelfSignedCertificate.earliestEnd)) == 0
    }

    private func text(of time: UnsafePointer<ASN1_TIME>?) -> String {
        let text = MemoryBIO.written { ASN1_TIME_print($0, time) == 1 }
        CryptoError.drainQueue()
        return String(decoding: text ?? Array("an unreadable date".utf8), as: UTF8.self)
    }

    /// Lends the X509s, the server's own first.
    func lend<Result, Failure: Error>(
        _ body: ([OpaquePointer]) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(pointers)
    }
}
