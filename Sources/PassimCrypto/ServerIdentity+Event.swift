extension ServerIdentity {
    /// A step or a finding of loading, for the log.
    package enum Event: Sendable, Equatable {
        case keyMade(path: String)
        case certificateMade(path: String, keyPath: String)
        /// A file was there and could not be used.
        case setAside(path: String, reason: String, keptAs: String)
        /// A new key or certificate could not be stored.
        case inMemoryOnly(reason: String)
        /// Others than the owner may read the key or write the certificate.
        case tooOpen(path: String, mode: UInt32)
        /// An administrator's certificate is used nevertheless: the clock may be wrong.
        case notYetValid(path: String, start: String)
        case expired(path: String, end: String)
        /// One of our own, which was removed.
        case outdated(path: String, reason: String)

        /// True if an operator should act on it.
        package var isWarning: Bool {
            switch self {
            case .keyMade, .certificateMade, .outdated: false
            case .setAside, .inMemoryOnly, .tooOpen, .notYetValid, .expired: true
            }
        }
    }
}

extension ServerIdentity.Event: CustomStringConvertible {
    package var description: String {
        switch self {
        case .keyMade(let path):
            "made a new private key: \(path)"
        case .certificateMade(let path, let keyPath):
            "made a new self-signed certificate for the key \(keyPath): \(path)"
        case .setAside(let path, let reason, let keptAs):
            "cannot use \(path) (\(reason)): kept as \(keptAs) and replaced; "
                + "to use your own, put it in place again and reload"
        case .inMemoryOnly(let reason):
            "cannot store the key or certificate (\(reason)): using new ones until the next start; "
                + "make the directory writable for the daemon's user to keep them"
        case .tooOpen(let path, let mode):
            "\(path) has mode 0\(String(mode, radix: 8)): other users can read or change it; "
                + "chmod 600 it unless that is wanted"
        case .notYetValid(let path, let start):
            "the certificate \(path) is valid only from \(start): used nevertheless; check the clock"
        case .expired(let path, let end):
            "the certificate \(path) expired at \(end): used nevertheless; renew it, and reload, or check the clock"
        case .outdated(let path, let reason):
            "the certificate \(path), which passimd has made, is made anew: \(reason)"
        }
    }
}
