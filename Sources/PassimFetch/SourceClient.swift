// Many files of one server, over a few connections that are kept: what fills a mirror.
//
// Other than a peer, a source is asked by its name, its certificate counts, and proxies of the environment are used.

internal import CCurl
internal import Glibc
internal import PassimCore

/// How a source is asked.
package struct SourceSettings: Sendable, Equatable {
    /// A file of certificates in PEM, of the authorities that are believed; nil: those of the system.
    package var authorities: String?
    /// http:// may be asked, and sent on to.
    package var allowsPlain = false
    /// Files that come at the same time, and connections that are kept.
    package var connections = 4
    /// Bytes/s over all of them; 0: no limit.
    package var maxRate: UInt64 = 0
    /// A host that is asked without a proxy, whatever the environment says.
    package var unproxied: String?
    /// Milliseconds to connect in.
    package var connecting = 20_000
    /// Slower than 1 KiB/s over so many seconds is a stall.
    package var stall = 30

    package init() {}
}

/// The head of an answer.
package struct SourceAnswer: Hashable, Sendable {
    package var status: Int
    /// Bytes of this answer's body; nil where it does not say.
    package var length: UInt64?
    /// The whole file's bytes, where this is all of the file that was missing.
    package var wholeLength: UInt64?
    /// Seconds for which the source wants to be left alone; nil where it does not say (RFC 9110, 10.2.3).
    package var retryAfter: UInt64?
    /// When the file was changed last, in seconds since 1970; nil where it does not say.
    package var modified: Int64?
    /// The answering URL, after redirects.
    package var url: String
}

package enum SourceEnd: Hashable, Sendable {
    /// All that was announced has come.
    case complete
    /// The receiver did not want it.
    case refused
    /// The connection ended after the head and before the body did; libcurl's words for it.
    case cutOff(String)
    /// Next to nothing came for so many seconds.
    case stalled(seconds: Int)
    /// There was no answer; libcurl's words for it.
    case unreachable(String)
    /// It is none that may be asked, or sends to one: what is wrong with it.
    case forbidden(String)
}

/// Takes what a source answers; called from within `SourceClient.turn`.
package protocol SourceReceiver: AnyObject {
    /// The head is there. False ends the transfer, and the connection with it.
    func begin(_ answer: SourceAnswer) -> Bool

    /// A piece of the body. False ends the transfer.
    func take(_ bytes: UnsafeRawBufferPointer) -> Bool

    /// Nothing more comes. Without an answer, `begin` was not called.
    func end(_ end: SourceEnd)
}

/// Asks one source for files; on one thread.
package final class SourceClient {
    private let settings: SourceSettings
    private let multi: MultiHandle
    private var running: [UnsafeMutableRawPointer: SourceTransfer] = [:]
    private var idle: [EasyHandle] = []

    package init(_ settings: SourceSettings) throws {
        try Curl.begin()
        self.settings = settings
        multi = try MultiHandle(keeping: settings.connections) { _ in }
    }

    deinit {
        cancelAll()
    }

    /// Ends all transfers, without a word to their receivers.
    package func cancelAll() {
        for transfer in running.values { try? multi.remove(transfer.easy) }
        running = [:]
    }

    /// Files that are on their way.
    package var count: Int { running.count }

    /// Asks for a file.
    ///
    /// - Parameter offset: bytes that are there already; only the rest is asked for.
    /// - Parameter share: bytes/s for this one; 0: no limit.
    package func start(
        _ url: String, from offset: UInt64 = 0, share: UInt64 = 0, _ receiver: any SourceReceiver
    ) throws(CurlError) {
        let easy: EasyHandle
        if let last = idle.popLast() { easy = last } else { easy = try makeHandle() }
        let transfer = SourceTransfer(easy, receiver, url: url, offset: offset)
        try transfer.prepare(share: share)
        try multi.add(easy)
        running[easy.lend { $0 }] = transfer
    }

    /// Lets come what comes until `deadline` (of `monotonicNanoseconds()`) or until a transfer ends or a piece of one
    /// has come, whatever is first; receivers are called from within.
    package func turn(until deadline: UInt64?) throws {
        try withoutBrokenPipes { try multi.turn(until: deadline) }
        while let (pointer, result) = multi.nextEnded() {
            guard let ended = running.removeValue(forKey: pointer) else { continue }
            try multi.remove(ended.easy)
            // Before the receiver hears of it: it may start another one.
            idle.append(ended.easy)
            ended.end(result, stall: settings.stall)
        }
    }

    private func makeHandle() throws(CurlError) -> EasyHandle {
        let easy = try EasyHandle()
        try easy.askSource(settings, as: "passim/\(passimVersion)")
        return easy
    }
}

private final class SourceTransfer {
    let easy: EasyHandle
    private let receiver: any SourceReceiver
    private let url: String
    private let offset: UInt64
    private var head = ResponseHead()
    private var hasBegun = false
    private var isRefused = false

    init(_ easy: EasyHandle, _ receiver: any SourceReceiver, url: String, offset: UInt64) {
        self.easy = easy
        self.receiver = receiver
        self.url = url
        self.offset = offset
    }

    func prepare(share: UInt64) throws(CurlError) {
        let this = Unmanaged.passUnretained(self).toOpaque()
        try easy.set(CURLOPT_URL, url)
        try easy.set(CURLOPT_RANGE, offset > 0 ? "\(offset)-" : nil)
        try easy.setOffset(CURLOPT_MAX_RECV_SPEED_LARGE, Int(clamping: share))
        try easy.setHeaderCallback(SourceTransfer.takeLine, this)
        try easy.setWriteCallback(SourceTransfer.takeBody, this)
    }

    private static let takeLine: curl_write_callback = { bytes, size, count, user in
        let transfer = Unmanaged<SourceTransfer>.fromOpaque(user!).takeUnretainedValue()
        let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
        return transfer.head.take(line) ? line.count : 0
    }

    private static let takeBody: curl_write_callback = { bytes, size, count, user in
        let transfer = Unmanaged<SourceTransfer>.fromOpaque(user!).takeUnretainedValue()
        let body = UnsafeRawBufferPointer(start: bytes, count: size * count)
        if transfer.begin(), transfer.receiver.take(body) { return body.count }
        transfer.isRefused = true
        return 0
    }

    /// - Returns: false where the receiver does not want it.
    private func begin() -> Bool {
        if hasBegun { return true }
        hasBegun = true
        let length = easy.announcedLength
        var whole: UInt64?
        switch easy.responseStatus {
        case 200: whole = length
        case 206:
            if let range = head.contentRange, range.completes(from: offset), length == range.length - offset {
                whole = range.length
            }
        default: break
        }
        let answer = SourceAnswer(
            status: easy.responseStatus, length: length, wholeLength: whole, retryAfter: easy.retryAfter,
            modified: easy.modificationTime, url: easy.effectiveURL ?? url)
        return receiver.begin(answer)
    }

    func end(_ result: TransferResult, stall: Int) {
        // Without a body nothing has called back.
        if result == CURLE_OK, !begin() { isRefused = true }
        let end: SourceEnd
        if isRefused {
            end = .refused
        } else {
            switch result {
            case CURLE_OK: end = .complete
            case CURLE_UNSUPPORTED_PROTOCOL: end = .forbidden("sends elsewhere than to https")
            case CURLE_TOO_MANY_REDIRECTS: end = .forbidden("redirects without end")
            case CURLE_OPERATION_TIMEDOUT where easy.responseStatus != 0: end = .stalled(seconds: stall)
            case _ where hasBegun: end = .cutOff(CurlError.sentence(result))
            default: end = .unreachable(easy.detail ?? CurlError.sentence(result))
            }
        }
        receiver.end(end)
    }
}

extension EasyHandle {
    /// The options that all files of a source have in common.
    fileprivate func askSource(_ settings: SourceSettings, as agent: String) throws(CurlError) {
        try check(lend { ccurl_set_protocols($0, settings.allowsPlain ? 1 : 0) }) { "CURLOPT_PROTOCOLS" }
        try check(lend { ccurl_close_sockets_on_exec($0) }) { "CURLOPT_OPENSOCKETFUNCTION" }
        try set(CURLOPT_NOSIGNAL, 1)
        try set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        try set(CURLOPT_FOLLOWLOCATION, 1)
        try set(CURLOPT_MAXREDIRS, 5)
        if let authorities = settings.authorities {
            try set(CURLOPT_CAINFO, authorities)
            // The authorities of the system would be believed besides.
            try set(CURLOPT_CAPATH, nil)
        }
        if let host = settings.unproxied {
            // It takes the place of the variable.
            let others = (getenv("no_proxy") ?? getenv("NO_PROXY")).map { String(cString: $0) }
            if others != "*" {
                try set(CURLOPT_NOPROXY, [others, host].compactMap { $0 }.joined(separator: ","))
            }
        }
        try set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        try set(CURLOPT_HTTP09_ALLOWED, 0)
        try set(CURLOPT_PATH_AS_IS, 1)
        try set(CURLOPT_FILETIME, 1)
        try set(CURLOPT_CONNECTTIMEOUT_MS, settings.connecting)
        try set(CURLOPT_LOW_SPEED_LIMIT, 1024)
        try set(CURLOPT_LOW_SPEED_TIME, settings.stall)
        // A limit does not hold back the bytes that come in one go: fewer of them if there is one.
        try set(CURLOPT_BUFFERSIZE, settings.maxRate > 0 ? 16 << 10 : 256 << 10)
        try set(CURLOPT_USERAGENT, agent)
        try keepDetail()
    }

    fileprivate func setOffset(_ option: CURLoption, _ value: Int) throws(CurlError) {
        try check(lend { ccurl_set_offset($0, option, value) }) { "option \(option.rawValue)" }
    }

    /// CURLINFO_RETRY_AFTER: seconds, also where the source names a date.
    fileprivate var retryAfter: UInt64? {
        var seconds: curl_off_t = 0
        guard lend({ ccurl_get_offset($0, CURLINFO_RETRY_AFTER, &seconds) }) == CURLE_OK, seconds > 0
        else { return nil }
        return UInt64(seconds)
    }

    /// CURLINFO_FILETIME_T
    fileprivate var modificationTime: Int64? {
        var seconds: curl_off_t = -1
        guard lend({ ccurl_get_offset($0, CURLINFO_FILETIME_T, &seconds) }) == CURLE_OK, seconds >= 0
        else { return nil }
        return Int64(seconds)
    }
}
