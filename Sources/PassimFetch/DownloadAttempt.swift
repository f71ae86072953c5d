// One question to one peer for all that is missing of a file. What comes is looked at before it is written:
// only what fits goes into the partial file.

internal import CCurl
internal import PassimCore
internal import PassimSystem

/// One transfer; on one thread, from within `perform`.
final class DownloadAttempt {
    enum Outcome {
        /// All is there, and it is what was asked for.
        case complete
        /// It is not, and who is to blame cannot be told; or the range was not what was asked for. The same
        /// peer is to be asked for the whole.
        case beginAnew
        case failed(PeerFailure.Reason)
    }

    private let url: String
    private let digest: Digest
    private let file: PartialFile
    private let limits: DownloadLimits
    private let easy: EasyHandle
    private let onProgress: (DownloadProgress) -> Void
    private var speed: SpeedWatch
    private let isReplaceable: (_ speed: UInt64) -> Bool

    /// The length of the partial file when it was asked for the rest.
    private let offset: UInt64
    private var head = ResponseHead()
    private var sender = ""
    /// Bytes of the whole file, when the answer has told.
    private var length: UInt64?
    /// Why a callback ended the transfer.
    private var refusal: Outcome?
    private var failure: SystemError?

    /// - Parameter isReplaceable: asked when so few bytes/s come: whether another peer is to be asked.
    init(
        _ url: String, _ digest: Digest, into file: PartialFile, _ limits: DownloadLimits, _ easy: EasyHandle,
        isReplaceable: @escaping (_ speed: UInt64) -> Bool,
        onProgress: @escaping (DownloadProgress) -> Void
    ) {
        self.url = url
        self.digest = digest
        self.file = file
        self.limits = limits
        self.easy = easy
        self.onProgress = onProgress
        offset = file.byteCount
        speed = SpeedWatch(limits, bytes: offset, at: monotonicNanoseconds())
        self.isReplaceable = isReplaceable
    }

    /// The URL that answered, after redirects.
    var effectiveURL: String { sender.isEmpty ? url : sender }

    /// - Throws: what is not the peer's fault.
    func run() throws(DownloadError) -> Outcome {
        do throws(CurlError) {
            try prepare()
        } catch {
            throw .curl(error)
        }
        // The callbacks have only its address.
        let result = withExtendedLifetime(self) { easy.perform() }
        if sender.isEmpty { sender = easy.effectiveURL ?? url }
        // A file without bytes: nothing has called back.
        if result == CURLE_OK, length == nil, refusal == nil, failure == nil { _ = begin() }
        if let failure { throw DownloadError(failure) }
        if let refusal { return refusal }
        guard result == CURLE_OK else { return outcome(of: result) }
        guard let length, file.byteCount == length else { return .failed(cutOff) }
        if file.digest == digest { return .complete }
        return file.source == .several ? .beginAnew : .failed(.lied)
    }

    /// For one attempt after the other: a connection that is open may be used again.
    static func makeHandle() throws(DownloadError) -> EasyHandle {
        do throws(CurlError) {
            try Curl.begin()
            let easy = try EasyHandle()
            try easy.speakToPeers(as: "passim/\(passimVersion)")
            return easy
        } catch {
            throw .curl(error)
        }
    }

    private var isOfThisMachine: Bool {
        ["https://localhost:", "https://127.", "https://[::1]"].contains { url.hasPrefix($0) }
    }

    private func prepare() throws(CurlError) {
        let this = Unmanaged.passUnretained(self).toOpaque()
        // The pin of a named mirror is behind its URL (`PinnedURL`).
        let pinned = PinnedURL(url)
        try easy.set(CURLOPT_URL, pinned.url)
        try easy.set(CURLOPT_PINNEDPUBLICKEY, pinned.pin)
        try easy.set(CURLOPT_RANGE, offset > 0 ? "\(offset)-" : nil)
        try easy.set(CURLOPT_FOLLOWLOCATION, isOfThisMachine ? 1 : 0)
        try easy.set(CURLOPT_MAXREDIRS, limits.redirects)
        try easy.set(CURLOPT_FAILONERROR, 1)
        try easy.set(CURLOPT_CONNECTTIMEOUT_MS, limits.connecting)
        try easy.set(CURLOPT_LOW_SPEED_LIMIT, limits.slowest)
        try easy.set(CURLOPT_LOW_SPEED_TIME, limits.stall)
        try easy.setHeaderCallback(DownloadAttempt.takeLine, this)
        try easy.setWriteCallback(DownloadAttempt.takeBody, this)
        try easy.setProgressCallback(DownloadAttempt.lookOn, this)
    }

    // MARK: - What comes

    private static let takeLine: curl_write_callback = { bytes, size, count, user in
        let attempt = Unmanaged<DownloadAttempt>.fromOpaque(user!).takeUnretainedValue()
        let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
        if attempt.head.take(line) { return line.count }
        attempt.refusal = .failed(.nonsense("the head of its answer is too long"))
        return 0
    }

    private static let takeBody: curl_write_callback = { bytes, size, count, user in
        let attempt = Unmanaged<DownloadAttempt>.fromOpaque(user!).takeUnretainedValue()
        let body = UnsafeRawBufferPointer(start: bytes, count: size * count)
        // Another count than its own fails the transfer.
        return attempt.take(body) ? body.count : 0
    }

    /// Also while nothing comes.
    private static let lookOn: curl_xferinfo_callback = { user, _, _, _, _ in
        let attempt = Unmanaged<DownloadAttempt>.fromOpaque(user!).takeUnretainedValue()
        let bytes = attempt.file.byteCount
        let slow = attempt.speed.slowSpeed(bytes: bytes, of: attempt.length, at: monotonicNanoseconds())
        guard let slow, attempt.length != bytes, attempt.isReplaceable(slow) else { return 0 }
        attempt.refusal = .failed(.slow(speed: slow))
        return 1
    }

    private func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if length == nil, !begin() { return false }
        guard let length, UInt64(bytes.count) <= length - file.byteCount else {
            refusal = .failed(.nonsense("sends more than it announced"))
            return false
        }
        do throws(SystemError) {
            try file.append(bytes, from: sender)
        } catch {
            failure = error
            return false
        }
        onProgress(DownloadProgress(received: file.byteCount, total: length, url: sender))
        return true
    }

    /// Looks at the head before anything of the body is taken.
    private func begin() -> Bool {
        sender = easy.effectiveURL ?? url
        guard let announced = easy.announcedLength else {
            return refuse(.failed(.nonsense("does not say how long the file is")))
        }
        switch easy.responseStatus {
        case 200:
            if file.byteCount > 0, !restart() { return false }
            length = announced
        case 206:
            guard offset > 0 else { return refuse(.failed(.nonsense("answers a range nobody asked for"))) }
            guard let range = head.contentRange, range.completes(from: offset),
                announced == range.length - offset
            else { return refuse(.beginAnew) }
            length = range.length
        case let status: return refuse(.failed(.denied(status: status)))
        }
        speed.begin(bytes: file.byteCount, at: monotonicNanoseconds())
        return hasRoom()
    }

    private func hasRoom() -> Bool {
        do throws(SystemError) {
            let available = try file.availableBytes
            let needed = (length ?? 0) - file.byteCount
            if needed <= available { return true }
            return refuse(.failed(.noRoom(needed: needed, available: available)))
        } catch {
            failure = error
            return false
        }
    }

    private func restart() -> Bool {
        do throws(SystemError) {
            try file.restart()
            return true
        } catch {
            failure = error
            return false
        }
    }

    private func refuse(_ outcome: Outcome) -> Bool {
        refusal = outcome
        return false
    }

    // MARK: - What libcurl makes of it

    private var cutOff: PeerFailure.Reason { .cutOff(received: file.byteCount, of: length) }

    private func outcome(of result: TransferResult) -> Outcome {
        switch result {
        case CURLE_HTTP_RETURNED_ERROR:
            // 416: what is there is longer than the file, so it is none of its beginning.
            let status = easy.responseStatus
            return status == 416 && offset > 0 ? .beginAnew : .failed(.denied(status: status))
        case CURLE_TOO_MANY_REDIRECTS: return .failed(.redirects)
        case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
            return .failed(.nonsense("shows another key than the pin of Mirror= says"))
        case CURLE_UNSUPPORTED_PROTOCOL: return .failed(.nonsense("sends elsewhere than to https"))
        // Only one of the three limits of time ends before a head: the one for connecting.
        case CURLE_OPERATION_TIMEDOUT where easy.hasConnected: return .failed(.stalled(seconds: limits.stall))
        default:
            return .failed(length != nil ? cutOff : .unreachable(CurlError.sentence(result)))
        }
    }
}

extension EasyHandle {
    /// True if the last transfer got as far as asking (CURLINFO_REQUEST_SIZE).
    fileprivate var hasConnected: Bool {
        lend { pointer in
            var bytes = 0
            return ccurl_get_number(pointer, CURLINFO_REQUEST_SIZE, &bytes) == CURLE_OK && bytes > 0
        }
    }
}
