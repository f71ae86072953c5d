internal import PassimBus
internal import PassimCore
internal import PassimFetch
internal import PassimSystem

/// Sources of a file: the peers that the daemon has found, or the daemon itself, which sends on to them. For one
/// thread.
final class Candidates {
    private let client: BusClient
    private let digest: Digest
    private let name: RawName
    private var asked: Set<String> = []
    private var rounds = 0
    /// The URL that the daemon sends on from; nil as long as it names peers.
    private var redirect: String?

    /// An older daemon sends to one of several at random.
    private static let redirects = 3
    /// How often the daemon is asked for peers: of a liar it knows the next time, and names others.
    private static let rounds = 3

    init(_ digest: Digest, _ name: RawName) throws(BusError) {
        client = try BusClient()
        self.digest = digest
        self.name = name
    }

    /// URLs, best first.
    func first() throws(BusError) -> [String] {
        let here = try own()
        // Files of its directories are on its disk; each download of a published file counts.
        if let here, here.isUnlimited { return [here.url] }
        let found = try next()
        if !found.isEmpty { return found + [here].compactMap { $0?.url } }
        if let here { return [here.url] }
        let url = Candidates.url(at: try client.properties().uri, digest, name)
        redirect = url
        return Array(repeating: url, count: Candidates.redirects)
    }

    /// This machine's own copy; nil where it has none, or the daemon is an older one.
    private func own() throws(BusError) -> (url: String, isUnlimited: Bool)? {
        let properties = try client.properties()
        guard properties.mirror != nil else { return nil }
        let items = try client.items(offset: 0, limit: 16, filter: digest.hex).items
        guard let item = items.first(where: { $0.digest == digest && !$0.flags.contains(.disabled) }) else {
            return nil
        }
        return (
            Candidates.url(at: properties.uri, digest, name, isLocal: true),
            item.lifetime.shareLimit == Lifetime.unlimited
        )
    }

    /// When those have failed: others, or none.
    func more() -> [String] {
        guard redirect == nil, rounds < Candidates.rounds else { return [] }
        do throws(BusError) {
            return try next()
        } catch {
            Output.complain("\(error)")
            return []
        }
    }

    /// None with an older daemon, or a policy of one.
    private func next() throws(BusError) -> [String] {
        rounds += 1
        do throws(BusError) {
            let found = try client.findPeers(digest).filter { !asked.contains($0) }
            asked.formUnion(found)
            return found
        } catch {
            switch error {
            case .noMirrorInterface, .accessDenied: return []
            case .noBus, .noDaemon, .timedOut, .remote: throw error
            }
        }
    }

    /// - Parameter isLocal: its own copy is wanted; else where the daemon sends on from, never its own.
    static func url(at uri: String, _ digest: Digest, _ name: RawName, isLocal: Bool = false) -> String {
        let base = uri.hasSuffix("/") ? uri : uri + "/"
        return
            "\(base)\(encoded(name.askable(for: digest)))?sha256=\(digest.hex)\(isLocal ? "" : "&localhost=false")"
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

    // MARK: - What came of it

    /// Says it on standard error, and tells the daemon of a liar, so that nobody is sent there for a while.
    func tell(of failure: PeerFailure) {
        if isNobody(failure) { return }
        Output.complain(RawName("\(failure)").description)
        guard failure.reason == .lied else { return }
        // The daemon knows those that it has named.
        let url = redirect == nil ? failure.url : failure.effectiveURL
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
        if case .allFailed(let failures, _) = error {
            if failures.allSatisfy(isNobody) { return nobodyHasIt }
            if failures.allSatisfy(\.reason.isLackOfRoom) { return Failure("there is no room for the file") }
        }
        if case .noPeers = error { return nobodyHasIt }
        return Failure(error)
    }

    private var nobodyHasIt: Failure {
        Candidates.nobody(
            has: name, interfaces: (try? NetworkInterface.all()) ?? [],
            troubles: (try? client.properties())?.mirror?.troubles ?? [])
    }

    /// The remedy depends on whether others could be asked at all.
    ///
    /// - Parameter interfaces: none where they are not known.
    static func nobody(has name: RawName, interfaces: [NetworkInterface], troubles: [Trouble]) -> Failure {
        let file = "cannot download \(name): "
        let isConnected = interfaces.contains { $0.isRunning && !$0.isLoopback && !$0.addresses.isEmpty }
        if !interfaces.isEmpty, !isConnected {
            return Failure(
                file + "this machine is on no network: no interface is up and has an address",
                command: "ip address")
        }
        if let trouble = troubles.first(where: { $0.kind == .discovery && $0.severity == .error }) {
            // One with a subject is of a mirror, beside which others may have been asked.
            let reason =
                trouble.subject.isEmpty
                ? "other machines cannot be asked: \(trouble.why)"
                : "no machine that could be asked has a file with this SHA-256, and \(trouble.sentence)"
            return Failure(file + reason, command: trouble.command.isEmpty ? nil : trouble.command)
        }
        return Failure(file + "no machine of this network has a file with this SHA-256")
    }

    /// The daemon has nobody to send to.
    private func isNobody(_ failure: PeerFailure) -> Bool {
        failure.url == redirect && failure.effectiveURL == failure.url
            && failure.reason == .denied(status: 404)
    }
}

extension PeerFailure.Reason {
    fileprivate var isLackOfRoom: Bool {
        if case .noRoom = self { true } else { false }
    }
}
