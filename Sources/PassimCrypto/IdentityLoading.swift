// From what lies on the disk to an identity that can be used. A usable key is always kept, and a
// certificate made for it where there is none to use. Files that cannot be used are renamed, never removed.
// What is new is written beside its place and on the disk before anything else is moved, the key first: a
// crash leaves a key without a certificate at worst, which is mended by the next start.

internal import PassimSystem

struct IdentityLoading {
    private let keyFile: IdentityFile
    private let certificateFile: IdentityFile
    private let template: SelfSignedCertificate
    private(set) var events: [ServerIdentity.Event] = []
    /// Once set, nothing is written or moved any more.
    private var storageFailure: SystemError?

    init(location: ServerIdentity.Location, template: SelfSignedCertificate) {
        keyFile = IdentityFile(path: location.keyPath)
        certificateFile = IdentityFile(path: location.certificatePath)
        self.template = template
    }

    /// One of the two files, looked at.
    private enum Found<Value> {
        case missing
        case usable(Value)
        /// Why not.
        case unusable(String)
    }

    mutating func run() throws(CryptoError) -> ServerIdentity {
        keyFile.discard()
        certificateFile.discard()
        let foundKey = findKey()
        guard case .usable(let key) = foundKey else { return try makeBoth(replacing: foundKey) }
        let foundCertificate = findCertificate(for: key)
        if case .usable(let identity) = foundCertificate { return identity }
        let identity: ServerIdentity
        let chain: CertificateChain
        do throws(CryptoError) {
            chain = try template.make(for: key)
            identity = ServerIdentity(key: key, chain: chain)
            try identity.check()
        } catch {
            // No certificate would help: the key cannot sign, or is too weak.
            return try makeBoth(replacing: .unusable(reason(of: error)))
        }
        try storeCertificate(chain, replacing: foundCertificate)
        return identity
    }

    private mutating func findKey() -> Found<PrivateKey> {
        switch read(keyFile) {
        case .missing: return .missing
        case .unusable(let reason): return .unusable(reason)
        case .read(let bytes, let mode):
            do throws(CryptoError) {
                let key = try PrivateKey(pem: bytes, path: keyFile.path)
                if mode & 0o077 != 0 { events.append(.tooOpen(path: keyFile.path, mode: mode)) }
                return .usable(key)
            } catch {
                return .unusable(reason(of: error))
            }
        }
    }

    private mutating func findCertificate(for key: PrivateKey) -> Found<ServerIdentity> {
        switch read(certificateFile) {
        case .missing: return .missing
        case .unusable(let reason): return .unusable(reason)
        case .read(let bytes, let mode):
            do throws(CryptoError) {
                let chain = try CertificateChain(pem: bytes, path: certificateFile.path)
                guard chain.matches(key) else {
                    return .unusable("it is not for the key \(keyFile.path)")
                }
                let validity = chain.validity(at: template.now)
                if case .expired(let end) = validity { return .unusable("it expired at \(end)") }
                let identity = ServerIdentity(key: key, chain: chain)
                try identity.check()
                if case .notYet(let start) = validity {
                    events.append(.notYetValid(path: certificateFile.path, start: start))
                }
                // Certificates are public: only writing is a matter.
                if mode & 0o022 != 0 { events.append(.tooOpen(path: certificateFile.path, mode: mode)) }
                return .usable(identity)
            } catch {
                return .unusable(reason(of: error))
            }
        }
    }

    /// A file that cannot be read for now is left where it is and nothing is stored in its place.
    private mutating func read(_ file: IdentityFile) -> IdentityFile.Content {
        do throws(SystemError) {
            return try file.read()
        } catch {
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
        var oldCertificate = Found<Void>.missing
        if case .missing = read(certificateFile) {
        } else {
            oldCertificate = .unusable("the key that it belongs to cannot be used")
        }
        store { (loading) throws(SystemError) in
            try loading.keyFile.prepare(keyText)
            try loading.certificateFile.prepare(certificateText)
            try loading.setAside(loading.keyFile, oldKey)
            try loading.setAside(loading.certificateFile, oldCertificate)
            try loading.keyFile.commit()
            loading.events.append(.keyMade(path: loading.keyFile.path))
            try loading.commitCertificate()
        }
        return ServerIdentity(key: key, chain: chain)
    }

    private mutating func storeCertificate(
        _ chain: CertificateChain, replacing old: Found<ServerIdentity>
    ) throws(CryptoError) {
        let text = try chain.pem()
        store { (loading) throws(SystemError) in
            try loading.certificateFile.prepare(text)
            try loading.setAside(loading.certificateFile, old)
            try loading.commitCertificate()
        }
    }

    private mutating func commitCertificate() throws(SystemError) {
        try certificateFile.commit()
        events.append(.certificateMade(path: certificateFile.path, keyPath: keyFile.path))
    }

    private mutating func setAside<Value>(_ file: IdentityFile, _ old: Found<Value>) throws(SystemError) {
        guard case .unusable(let reason) = old else { return }
        let kept = try file.setAside()
        events.append(.setAside(path: file.path, reason: reason, keptAs: kept))
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
