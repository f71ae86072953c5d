// One question to one machine: HEAD, and what the status means.

internal import CCurl
internal import Logging
internal import PassimCore
internal import PassimSystem

/// The machine that a probe asks.
struct ProbeTarget: Sendable {
    /// Host and port as in a URL.
    let authority: String
    /// The interface of a link-local address, else 0.
    let scope: UInt32
    /// CURLOPT_PINNEDPUBLICKEY; nil: any key will do.
    let pin: String?
    /// CURLOPT_RESOLVE; nil where the host is an address.
    let addresses: String?

    init(_ peer: Peer) {
        authority = peer.authority
        scope = peer.address.scope
        pin = nil
        addresses = nil
    }

    init(_ host: MirrorHost, at addresses: [IPAddress]) {
        authority = host.authority
        scope = 0
        pin = host.pin
        let list = addresses.map { $0.isIPv4 ? "\($0)" : "[\($0)]" }.joined(separator: ",")
        let isAddress = IPAddress(host.name) != nil
        self.addresses = isAddress || list.isEmpty ? nil : "\(host.authority):\(list)"
    }
}

/// What came of a probe.
struct ProbeAnswer: Hashable, Sendable {
    var outcome: ProbeOutcome
    /// Of one that failed, libcurl's words.
    var reason = ""
    /// It failed as the machine shows another key than the pin says.
    var isWrongKey = false
}

/// Asks a machine for the head of a digest's file.
final class HeadProbe: Transfer, @unchecked Sendable {
    // Unchecked: `head` and `wasHurried` are the loop's thread's; all else is constant or locked.
    private enum State {
        case new
        case waiting(CheckedContinuation<ProbeAnswer, Never>)
        case over
    }

    let deadline: UInt64
    private let limit: UInt64
    private let target: ProbeTarget
    private let digest: Digest
    private let template: ProbeTemplate
    private let logger: Logger
    private let state = Lock(State.new)
    private var head = ResponseHead()
    private var wasHurried = false

    /// - Parameter limit: in nanoseconds from now.
    init(
        _ target: ProbeTarget, digest: Digest, limit: UInt64, template: ProbeTemplate, logger: Logger
    ) {
        deadline = monotonicNanoseconds() &+ limit
        self.limit = limit
        self.target = target
        self.digest = digest
        self.template = template
        self.logger = logger
    }

    /// The last component of the path; the digest decides what is asked for.
    static let name = "file"

    // MARK: From any thread

    var isOver: Bool {
        state.withLock { state in
            if case .over = state { true } else { false }
        }
    }

    /// - Returns: false where it is over already; then the continuation is not taken.
    func wait(_ continuation: CheckedContinuation<ProbeAnswer, Never>) -> Bool {
        state.withLock { state in
            guard case .new = state else { return false }
            state = .waiting(continuation)
            return true
        }
    }

    /// The first outcome counts.
    func settle(_ answer: ProbeAnswer) {
        let waiting: CheckedContinuation<ProbeAnswer, Never>? = state.withLock { state in
            defer { state = .over }
            if case .waiting(let continuation) = state { return continuation }
            return nil
        }
        waiting?.resume(returning: answer)
    }

    func abandon(_ reason: AbandonReason) {
        if case .refused(let error) = reason {
            logger.warning("\(target.authority) could not be asked: \(error)")
        }
        settle(ProbeAnswer(outcome: .unasked))
    }

    // MARK: On the loop's thread

    func makeHandle(milliseconds: Int) throws(CurlError) -> EasyHandle {
        // It waited for most of its time: what does not come in the rest is not the peer's fault.
        wasHurried = UInt64(milliseconds) * 2_000_000 < limit
        let easy = try template.copy()
        try easy.set(CURLOPT_URL, "https://\(target.authority)/\(HeadProbe.name)?sha256=\(digest.hex)")
        try easy.set(CURLOPT_ADDRESS_SCOPE, Int(target.scope))
        if let pin = target.pin { try easy.set(CURLOPT_PINNEDPUBLICKEY, pin) }
        if let addresses = target.addresses { try easy.resolve(as: addresses) }
        try easy.set(CURLOPT_TIMEOUT_MS, milliseconds)
        try easy.setHeaderCallback(HeadProbe.takeLine, Unmanaged.passUnretained(self).toOpaque())
        return easy
    }

    func end(_ result: TransferResult, _ easy: EasyHandle) {
        var answer = ProbeAnswer(outcome: HeadProbe.outcome(result, status: easy.responseStatus, head))
        if wasHurried, result == CURLE_OPERATION_TIMEDOUT { answer.outcome = .unasked }
        if answer.outcome == .failed {
            answer.reason = result == CURLE_OK ? "its answer is no HTTP" : CurlError.sentence(result)
            answer.isWrongKey = result == CURLE_SSL_PINNEDPUBKEYNOTMATCH
            logger.debug("\(target.authority) did not answer: \(answer.reason)")
        }
        settle(answer)
    }

    private static let takeLine: curl_write_callback = { bytes, size, count, user in
        let probe = Unmanaged<HeadProbe>.fromOpaque(user!).takeUnretainedValue()
        let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
        // Another count than the line's own fails the transfer.
        return probe.head.take(line) ? line.count : 0
    }

    // MARK: What the answer means

    /// - Parameter status: of the last head, 0 where there was none.
    static func outcome(_ result: TransferResult, status: Int, _ head: ResponseHead) -> ProbeOutcome {
        guard result == CURLE_OK, head.isComplete, status >= 200 else { return .failed }
        return switch status {
        case 200: .confirmed
        case 403 where head.allowsHead: .denied
        case 403, 405: .refused
        default: .denied
        }
    }
}

extension Peer {
    /// As in a URL: IPv6 in brackets, and no scope, which RFC 3986 has no place for.
    var authority: String {
        address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }
}

/// The options that all probes have in common.
final class ProbeTemplate: @unchecked Sendable {
    // Unchecked: after init, only the loop's thread touches it.
    private let easy: EasyHandle

    init() throws(CurlError) {
        try Curl.begin()
        easy = try EasyHandle()
        try easy.speakToPeers(as: "passim/\(passimVersion)")
        try easy.refuseBody()
        // A head fits; the default is 16 KiB.
        try easy.set(CURLOPT_BUFFERSIZE, 4096)
    }

    func copy() throws(CurlError) -> EasyHandle {
        try EasyHandle(copying: easy)
    }
}
