internal import PassimBus
internal import PassimCore
internal import PassimFetch

/// Whom to ask for a file: those that the daemon has found, or the daemon itself, which sends on to them.
struct Candidates {
    /// Best first.
    let urls: [String]
    private let client: BusClient
    private let digest: Digest
    /// The daemon has not named anybody, but may send to somebody.
    private let isRedirect: Bool

    /// An older daemon sends to one of several at random.
    private static let redirects = 3

    init(_ digest: Digest, _ name: RawName) throws(BusError) {
        client = try BusClient()
        self.digest = digest
        let found = try Candidates.peers(of: client, digest)
        isRedirect = found.isEmpty
        if !found.isEmpty {
            urls = found
        } else {
            let url = Candidates.url(at: try client.properties().uri, digest, name)
            urls = Array(repeating: url, count: Candidates.redirects)
        }
    }

    /// None with an older daemon, or a policy of one.
    private static func peers(of client: BusClient, _ digest: Digest) throws(BusError) -> [String] {
        do throws(BusError) {
            return try client.findPeers(digest)
        } catch {
            switch error {
            case .noMirrorInterface, .accessDenied: return []
            case .noBus, .noDaemon, .timedOut, .remote: throw error
            }
        }
    }

    /// Where the daemon sends on from; never its own copy.
    static func url(at uri: String, _ digest: Digest, _ name: RawName) -> String {
        let base = uri.hasSuffix("/") ? uri : uri + "/"
        return "\(base)\(encoded(name.askable(for: digest)))?sha256=\(digest.hex)&localhost=false"
    }

    /// All but the unreserved characters (RFC 3986, 2.3) in their hexadecimal form.
    private static func encoded(_ name: RawName) -> String {
        var text = ""
        for byte in name.bytes {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                text += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return text
    }

    /// Says it on standard error, and tells the daemon of a liar, so that nobody is sent there for a while.
    func tell(of failure: PeerFailure) {
        if isNobody(failure) { return }
        Output.complain(RawName("\(failure)").description)
        guard failure.reason == .lied else { return }
        // The daemon knows those that it has named.
        let url = isRedirect ? failure.effectiveURL : failure.url
        do throws(BusError) {
            try client.reportPeer(url, digest)
        } catch {
            switch error {
            case .noMirrorInterface, .accessDenied: break
            case .noBus, .noDaemon, .timedOut, .remote: Output.complain("it could not be reported: \(error)")
            }
        }
    }

    func explain(_ error: DownloadError) -> Failure {
        if case .allFailed(let failures, _) = error, failures.allSatisfy(isNobody) {
            return Failure(DownloadError.noPeers)
        }
        return Failure(error)
    }

    /// The daemon has nobody to send to.
    private func isNobody(_ failure: PeerFailure) -> Bool {
        isRedirect && failure.effectiveURL == failure.url && failure.reason == .denied(status: 404)
    }
}
