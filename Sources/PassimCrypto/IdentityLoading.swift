// From what lies on the disk to an identity that can be used. A usable key is always kept, and a certificate made
// for it where there is none. What the administrator has put there and cannot be used ends the start, with the
// reason: it is neither replaced nor passed over. Files of our own that cannot be used are renamed, never removed.
// A new file is written beside its place and on the disk before anything else is moved, the key first: a
// crash leaves a key without a certificate at worst, which is mended by the next start.

internal import PassimSystem

struct IdentityLoading {
    private let keyFile: IdentityFile
    private let certificateFile: IdentityFile
    private let record: IdentityRecord
    private let template: SelfSignedCertificate
    private(set) var events: [ServerIdentity.Event] = []
    /// Once set, nothing is written or moved any more.
    private var storageFailure: SystemError?

    init(location: ServerIdentity.Location, template: SelfSignedCertificate) {
        keyFile = IdentityFile(path: location.keyPath)
        certificateFile = IdentityFile(path: location.certificatePath)
        record = IdentityRecord(besideKey: location.keyPath)
        self.template = template
    }

    /// One of the two files, looked at.
    private enum Found<Value> {
        case missing
        case usable(Value)
        /// One of our own: why not.
        case unusable(String)
        /// A certificate of our own that is not valid now: why.
        case outdated(String)
    }

    mutating func run() throws(CryptoError) -> ServerIdentity {
        keyFile.discard()
        certificateFile.discard()
        let foundKey = try findKey()
        guard case .usable(let key) = foundKey else { return try makeBoth(replacing: foundKey) }
        let foundCertificate = try findCertificate(for: key)
        if case .usable(let identity) = foundCertificate { return identity }
        let identity: ServerIdentity
        let chain: CertificateChain
        do throws(CryptoError) {
            chain = try template.make(for: key)
            identity = ServerIdentity(key: key, chain: chain, isMade: true)
            try identity.check()
        } catch {
            // No certificate would help: the key cannot sign, or is too weak.
            return try makeBoth(replacing: judge(keyFile, nil, reason(of: error)))
        }
        try storeCertificate(chain, replacing: foundCertificate)
        return identity
    }

    /// - Throws: where the file is the administrator's.
    private func judge<Value>(
        _ file: IdentityFile, _ content: [UInt8]?, _ reason: String, isMade: Bool = false
    ) throws(CryptoError) -> Found<Value> {
        if isMade || record.has(file, content: content) { return .unusable(reason) }
        throw CryptoError(
            doing: "using the administrator's", path: file.path,
            reasons: [
                "\(reason); passimd has not made this file and does not replace it: mend it, or move it away to have "
                    + "a new one made"
            ])
    }

    private mutating func findKey() throws(CryptoError) -> Found<PrivateKey> {
        switch try read(keyFile) {
        case .missing:
            return .missing
        case .unusable(let reason): return try judge(keyFile, nil, reason)
        case .read(let bytes, let mode):
            do throws(CryptoError) {
                let key = try PrivateKey(pem: bytes, path: keyFile.path)
                if mode & 0o077 != 0 { events.append(.tooOpen(path: keyFile.path, mode: mode)) }
                return .usable(key)
            } catch {
                return try judge(keyFile, bytes, reason(of: error))
            }
        }
    }

    private mutating func findCertificate(
        for key: PrivateKey
    ) throws(CryptoError) -> Found<ServerIdentity> {
        switch try read(certificateFile) {
        case .missing: return .missing
        case .unusable(let reason): return try judge(certificateFile, nil, reason)
        case .read(let bytes, let mode):
            let chain: CertificateChain
            do throws(CryptoError) {
                chain = try CertificateChain(pem: bytes, path: certificateFile.path)
            } catch {
                return try judge(certificateFile, bytes, reason(of: error))
            }
            let isMade = chain.isSelfMade
            guard chain.matches(key) else {
                return try judge(
                    certificateFile, bytes, "it is not for the key \(keyFile.path)", isMade: isMade)
            }
            let identity = ServerIdentity(key: key, chain: chain, isMade: isMade)
            do throws(CryptoError) {
                try identity.check()
            } catch {
                return try judge(certificateFile, bytes, reason(of: error), isMade: isMade)
            }
            switch chain.validity(at: template.now) {
            case .valid: break
            case .expired(let end):
                if isMade { return .outdated("it expired at \(end)") }
                events.append(.expired(path: certificateFile.path, end: end))
            case .notYet(let start):
                if isMade { return .outdated("it is valid only from \(start)") }
                events.append(.notYetValid(path: certificateFile.path, start: start))
            }
            // Certificates are public: only writing is a matter.
            if mode & 0o022 != 0 { events.append(.tooOpen(path: certificateFile.path, mode: mode)) }
            return .usable(identity)
        }
    }

    /// A file of our own that cannot be read for now is left where it is and nothing is stored in its place.
    private mutating func read(_ file: IdentityFile) throws(CryptoError) -> IdentityFile.Content {
        do throws(SystemError) {
            let content = try file.read()
            // The administrator's volume is not mounted yet.
            if case .missing = content, file.isThere { return .unusable("it is a symbolic link to nothing") }
            return content
        } catch {
            // Without a directory there is no file of anybody.
            if error.code != .notDirectory { let _: Found<Void> = try judge(file, nil, error.description) }
            storageFailure = storageFailure ?? error
            return .missing
        }
    }

    private mutating func makeBoth(replacing oldKey: Found<PrivateKey>) throws(CryptoError) -> ServerIdentity
    {
        let key = try PrivateKey.make()
        let chain = try template.make(for: key)
        let keyText = try key.pem()
        let certificateText = try chain.pem()
        let oldCertificate = try certificateOfNoKey(replacing: oldKey)
        store { (loading) throws(SystemError) in
            try loading.keyFile.prepare(keyText)
            try loading.certificateFile.prepare(certificateText)
            try loading.setAside(loading.keyFile, oldKey)
            try loading.setAside(loading.certificateFile, oldCertificate)
            try loading.keyFile.commit()
            try? loading.record.note(loading.keyFile, content: keyText)
            loading.events.append(.keyMade(path: loading.keyFile.path))
            try loading.commitCertificate(certificateText)
        }
        return ServerIdentity(key: key, chain: chain, isMade: true)
    }

    /// The certificate whose key is missing, or cannot be used.
    private mutating func certificateOfNoKey(replacing key: Found<PrivateKey>) throws(CryptoError) -> Found<
        Void
    > {
        var reason = "the key that it belongs to cannot be used"
        if case .missing = key { reason = "the key that it belongs to, \(keyFile.path), is missing" }
        switch try read(certificateFile) {
        case .missing: return .missing
        case .unusable(let other): return try judge(certificateFile, nil, other)
        case .read(let bytes, _):
            let chain = try? CertificateChain(pem: bytes, path: certificateFile.path)
            return try judge(certificateFile, bytes, reason, isMade: chain?.isSelfMade ?? false)
        }
    }

    private mutating func storeCertificate(
        _ chain: CertificateChain, replacing old: Found<ServerIdentity>
    ) throws(CryptoError) {
        let text = try chain.pem()
        store { (loading) throws(SystemError) in
            try loading.certificateFile.prepare(text)
            try loading.setAside(loading.certificateFile, old)
            try loading.commitCertificate(text)
        }
    }

    private mutating func commitCertificate(_ content: [UInt8]) throws(SystemError) {
        try certificateFile.commit()
        // Without it, what is found there later is taken for the administrator's.
        try? record.note(certificateFile, content: content)
        events.append(.certificateMade(path: certificateFile.path, keyPath: keyFile.path))
    }

    private mutating func setAside<Value>(_ file: IdentityFile, _ old: Found<Value>) throws(SystemError) {
        switch old {
        case .missing, .usable: break
        case .unusable(let reason):
            let kept = try file.setAside()
            events.append(.setAside(path: file.path, reason: reason, keptAs: kept))
        case .outdated(let reason):
            // Nobody needs it any more, and a clock that comes and goes would fill the directory.
            try file.remove()
            events.append(.outdated(path: file.path, reason: reason))
        }
    }

    /// Runs the steps up to the first that fails; then, and where reading failed before, it is memory only.
    private mutating func store(_ steps: (inout IdentityLoading) throws(SystemError) -> Void) {
        if storageFailure == nil {
            do throws(SystemError) {
                try steps(&self)
            } catch {
                storageFailure = error
                keyFile.discard()
                certificateFile.discard()
            }
        }
        if let storageFailure { events.append(.inMemoryOnly(reason: storageFailure.description)) }
    }

    private func reason(of error: CryptoError) -> String {
        error.reasons.isEmpty ? "OpenSSL gives no reason" : error.reasons.joined(separator: "; ")
    }
}
