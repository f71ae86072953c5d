internal import COpenSSL

/// The certificate that the daemon makes for itself (X.509 v3, RFC 5280).
struct SelfSignedCertificate {
    var hostName: String
    /// Seconds since 1970.
    var now: Int64

    private static let day: Int64 = 86400
    private static let lifetime: Int64 = 3653 * day
    /// Days from one end to the other, but for that of a clock that is behind all that is plausible.
    static let daysOfValidity = CInt((lifetime + day) / day)
    /// The end of certificates made by a clock that is behind all that is plausible, in seconds since 1970.
    static let earliestEnd: Int64 = earliestPlausible + lifetime
    /// The certificate's extensions; it has no others.
    static let extensions: [CInt] = [
        NID_basic_constraints, NID_key_usage, NID_ext_key_usage, NID_subject_key_identifier,
        NID_subject_alt_name,
    ]
    /// 2026-01-01: no clock that shows less is right for this program.
    private static let earliestPlausible: Int64 = 1_767_225_600

    /// From a day ago, for clients whose clocks are behind, and never before 1970, which UTCTime cannot
    /// tell from 2070.
    var notBefore: Int64 { max(0, now - SelfSignedCertificate.day) }

    /// Ten years on. A board without a battery starts in 1970: it gets ten years from what must be the
    /// least, so that the certificate outlives the moment when the clock is set.
    var notAfter: Int64 { max(now, SelfSignedCertificate.earliestPlausible) + SelfSignedCertificate.lifetime }

    /// At most 64 bytes (RFC 5280, ub-common-name), cut between characters.
    var commonName: String {
        var name = ""
        for scalar in hostName.unicodeScalars {
            if name.utf8.count + UTF8.width(scalar) > 64 { break }
            name.unicodeScalars.append(scalar)
        }
        return name.isEmpty ? "passim" : name
    }

    /// A subjectAltName for X509V3_EXT_conf_nid(3). A host name that is no DNS name is left out: the value
    /// has a syntax of its own, in which such a name could say anything.
    var alternativeNames: String {
        var names = ["DNS:localhost", "IP:127.0.0.1", "IP:::1"]
        if hostName != "localhost", isDNSName(hostName) { names.insert("DNS:\(hostName)", at: 0) }
        return names.joined(separator: ",")
    }

    private func isDNSName(_ name: String) -> Bool {
        guard name.utf8.count <= 253 else { return false }
        return name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.utf8.count)
                && label.utf8.allSatisfy { byte in
                    switch byte {
                    // The underscore is no host name's, but hosts have it.
                    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
                    default: false
                    }
                }
        }
    }

    /// Makes it for `key`, which signs it.
    ///
    /// - Throws: where the key cannot sign (an X25519 key), among others.
    func make(for key: PrivateKey) throws(CryptoError) -> CertificateChain {
        guard let certificate = X509_new() else { throw CryptoError(doing: "making a certificate") }
        let chain = CertificateChain(owning: [certificate])
        guard key.lend({ fill(certificate, for: $0) }) else {
            throw CryptoError(doing: "making a self-signed certificate")
        }
        return chain
    }

    private func fill(_ certificate: OpaquePointer, for key: OpaquePointer) -> Bool {
        X509_set_version(certificate, Int(X509_VERSION_3)) == 1
            && setSerial(certificate)
            && ASN1_TIME_set(X509_getm_notBefore(certificate), Int(notBefore)) != nil
            && ASN1_TIME_set(X509_getm_notAfter(certificate), Int(notAfter)) != nil
            && setName(certificate)
            && X509_set_pubkey(certificate, key) == 1
            && add(NID_basic_constraints, "critical,CA:FALSE", to: certificate)
            && add(NID_key_usage, "critical,digitalSignature", to: certificate)
            && add(NID_ext_key_usage, "serverAuth", to: certificate)
            && add(NID_subject_key_identifier, "hash", to: certificate)
            && add(NID_subject_alt_name, alternativeNames, to: certificate)
            && X509_sign(certificate, key, signatureDigest(of: key)) > 0
    }

    /// EdDSA has its digest within and takes no other.
    private func signatureDigest(of key: OpaquePointer) -> OpaquePointer? {
        switch EVP_PKEY_get_id(key) {
        case EVP_PKEY_ED25519, EVP_PKEY_ED448: nil
        default: EVP_sha256()
        }
    }

    /// 128 random bits, as browsers refuse another certificate of the same issuer and serial.
    private func setSerial(_ certificate: OpaquePointer) -> Bool {
        guard let number = BN_new() else { return false }
        defer { BN_free(number) }
        return BN_rand(number, 128, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1
            && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil
    }

    private func setName(_ certificate: OpaquePointer) -> Bool {
        let bytes = Array(commonName.utf8)
        let name = X509_get_subject_name(certificate)
        return X509_NAME_add_entry_by_NID(
            name, NID_commonName, MBSTRING_UTF8, bytes, CInt(bytes.count), -1, 0) == 1
            && X509_set_issuer_name(certificate, name) == 1
    }

    private func add(_ extensionNumber: CInt, _ value: String, to certificate: OpaquePointer) -> Bool {
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, certificate, certificate, nil, nil, 0)
        guard let made = X509V3_EXT_conf_nid(nil, &context, extensionNumber, value) else { return false }
        defer { X509_EXTENSION_free(made) }
        return X509_add_ext(certificate, made, -1) == 1
    }
}
