internal import PassimCore
internal import PassimFetch
internal import PassimSystem

/// One question for one file, and what has come of it. What comes is hashed and written at once; nothing is taken that
/// the manifest does not say.
final class FileFetch: SourceReceiver {
    enum Outcome: Equatable {
        /// It is what the manifest says.
        case whole
        /// The bytes from before do not go with what the source sends: it is to be asked for all of it.
        case beginAnew
        /// It is something else, in words.
        case wrong(String)
        /// The source will not send it.
        case denied(String)
        /// It wants to be left alone for so many seconds, if it says; in words.
        case busy(UInt64?, String)
        /// The connection ended; what came is kept.
        case cutOff(String)
        case unreachable(String)
        /// It cannot be written.
        case disk(SystemError)
    }

    let position: Int
    let entry: Manifest.Entry
    let part: PartialFile
    /// Bytes that were there before.
    let offset: UInt64
    private(set) var modified: Int64?
    private(set) var outcome: Outcome?
    private let isAllowed: (String) -> Bool
    private let onBytes: (Int64) -> Void
    private let onEnd: (FileFetch) -> Void
    /// Bytes of a body that nobody wants: taken, so that the connection can be kept.
    private var discarded: Int?

    private static let mostDiscarded = 65536
    private static let source = "source"
    static let wrongContent = "the source sends other content than its manifest says"

    /// - Parameters:
    ///   - isAllowed: whether a URL may be what answers, after redirects.
    ///   - onBytes: how many bytes have come, or have been thrown away.
    init(
        _ position: Int, _ entry: Manifest.Entry, into part: PartialFile,
        isAllowed: @escaping (String) -> Bool, onBytes: @escaping (Int64) -> Void,
        onEnd: @escaping (FileFetch) -> Void
    ) {
        self.position = position
        self.entry = entry
        self.part = part
        self.isAllowed = isAllowed
        self.onBytes = onBytes
        self.onEnd = onEnd
        offset = part.byteCount
    }

    /// All of it is there from before, and nothing is asked.
    func keep() {
        outcome = .whole
    }

    func begin(_ answer: SourceAnswer) -> Bool {
        guard isAllowed(answer.url) else { return settle(.denied("sends on to \(answer.url)")) }
        modified = answer.modified
        switch answer.status {
        case 200:
            if let length = answer.length, length != entry.size { return settle(wrongSize(length)) }
            return part.byteCount == 0 || restart()
        case 206:
            guard offset > 0 else { return settle(.denied("the source answers a range nobody asked for")) }
            guard answer.wholeLength == entry.size else { return restart() && settle(.beginAnew) }
            return true
        case 416: return restart() && discard(.beginAnew)
        case 429, 503:
            return discard(.busy(answer.retryAfter, "the source wants to be left alone (\(answer.status))"))
        case 500..<600: return discard(.busy(answer.retryAfter, "the source fails (\(answer.status))"))
        case 404: return discard(.denied("the source names it and does not have it (404)"))
        case let status: return discard(.denied("the source refuses it (\(status))"))
        }
    }

    func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if let count = discarded {
            discarded = count + bytes.count
            return count + bytes.count <= FileFetch.mostDiscarded
        }
        guard UInt64(bytes.count) <= entry.size - part.byteCount else {
            return settle(.wrong("the source sends more than the \(entry.size) bytes of the manifest"))
        }
        do throws(SystemError) {
            try part.append(bytes, from: FileFetch.source)
        } catch {
            return settle(.disk(error))
        }
        onBytes(Int64(bytes.count))
        return true
    }

    func end(_ end: SourceEnd) {
        if outcome == nil {
            switch end {
            case .complete: outcome = examine()
            case .refused: outcome = .cutOff("the answer made no sense")
            case .cutOff(let words): outcome = .cutOff(words)
            case .stalled(let seconds): outcome = .cutOff("next to nothing came for \(seconds) s")
            case .unreachable(let words): outcome = .unreachable(words)
            case .forbidden(let words): outcome = .denied("the source \(words)")
            }
        }
        // The next try begins with nothing.
        if case .wrong = outcome { _ = restart() }
        onEnd(self)
    }

    /// All has come that was announced.
    private func examine() -> Outcome {
        if part.byteCount != entry.size { return wrongSize(part.byteCount) }
        if part.digest == entry.digest { return .whole }
        // The bytes from before may be to blame.
        if offset > 0, restart() { return .beginAnew }
        return .wrong(FileFetch.wrongContent)
    }

    private func wrongSize(_ size: UInt64) -> Outcome {
        .wrong("the source sends \(size) bytes, its manifest says \(entry.size)")
    }

    private func settle(_ outcome: Outcome) -> Bool {
        self.outcome = outcome
        return false
    }

    private func discard(_ outcome: Outcome) -> Bool {
        self.outcome = outcome
        discarded = 0
        return true
    }

    /// Throws away what is there.
    private func restart() -> Bool {
        let count = part.byteCount
        do throws(SystemError) {
            try part.restart()
            onBytes(-Int64(count))
            return true
        } catch {
            return settle(.disk(error))
        }
    }
}
