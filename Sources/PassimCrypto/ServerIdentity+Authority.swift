// A certificate of an authority, which an administrator keeps (Certificate= and Key= of passim.conf). Nothing is written,
// renamed or made: what is wrong with the files is told, and whoever calls goes on with what there was.

package import PassimCore
internal import PassimSystem

extension ServerIdentity {
    /// Reads key and certificate of an administrator. Symlinks are followed, as certbot's are.
    ///
    /// - Parameter now: `wallClock()`. An expired certificate is used: peers check digests and not certificates.
    /// - Throws: where one cannot be read, or is not for the other.
    package static func load(
        ofAdministrator location: Location, now: Timestamp
    ) throws(CryptoError) -> (ServerIdentity, [Event]) {
        let (keyText, mode) = try read(location.keyPath)
        let key = try PrivateKey(pem: keyText, path: location.keyPath)
        let (chainText, _) = try read(location.certificatePath)
        let chain = try CertificateChain(pem: chainText, path: location.certificatePath)
        guard chain.matches(key) else {
            throw CryptoError(
                doing: "using the certificate", path: location.certificatePath,
                reasons: ["it is not for the key \(location.keyPath)"])
        }
        let identity = ServerIdentity(key: key, chain: chain, isMade: false)
        try identity.check()
        var events: [Event] = []
        // The group may be the daemon's own.
        if mode & 0o007 != 0 { events.append(.tooOpen(path: location.keyPath, mode: mode)) }
        switch chain.validity(at: now.seconds) {
        case .valid: break
        case .expired(let end): events.append(.expired(path: location.certificatePath, end: end))
        case .notYet(let start): events.append(.notYetValid(path: location.certificatePath, start: start))
        }
        return (identity, events)
    }

    private static func read(_ path: String) throws(CryptoError) -> (bytes: [UInt8], mode: UInt32) {
        func failure(_ reason: String) -> CryptoError {
            CryptoError(doing: "reading the administrator's", path: path, reasons: [reason])
        }
        let content: IdentityFile.Content
        do throws(SystemError) {
            content = try IdentityFile(path: path).read()
        } catch {
            throw failure(error.sentence)
        }
        switch content {
        case .missing: throw failure("there is no such file")
        case .unusable(let reason): throw failure(reason)
        case .read(let bytes, let mode): return (bytes, mode)
        }
    }
}

extension ServerIdentity.Location {
    /// Files that the two paths lead to now, to tell when they have changed; nil for one that cannot be reached.
    package var state: [FileIdentity?] {
        [keyPath, certificatePath].map { path in
            guard let file = try? Descriptor.open(path, .path) else { return nil }
            return try? file.status().identity
        }
    }
}
