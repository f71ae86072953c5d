internal import PassimConfig
internal import PassimCore
internal import PassimCrypto
internal import PassimFetch
internal import PassimSystem

/// Gets the manifest of a source, while no other transfer goes on.
final class ManifestFetch: SourceReceiver {
    static let name = RawName("PULP_MANIFEST")
    private static let tries = 4
    private static let longestWait: UInt64 = 60

    /// Tells the text of a manifest from another.
    struct Text: Equatable {
        var digest: Digest
        /// In bytes.
        var size: UInt64
    }

    /// nil: it is only compared with `other`.
    private var parser: ManifestParser?
    private let other: Text?
    private let hasher = SHA256Hasher()
    private var byteCount: UInt64 = 0
    private let isAllowed: (String) -> Bool
    private var failure: String?
    private var wait: UInt64?
    private var isOver = false

    /// - Parameter other: nil: it is parsed.
    private init(comparedWith other: Text?, isAllowed: @escaping (String) -> Bool) {
        parser = other == nil ? ManifestParser() : nil
        self.other = other
        self.isAllowed = isAllowed
    }

    /// - Throws: where it does not come, or is none.
    static func manifest(
        _ settings: SyncSettings, _ client: SourceClient, _ observer: SyncObserver
    ) throws(SyncFailure) -> (manifest: Manifest, text: Text) {
        let fetch = try run(settings, client, observer, comparedWith: nil)
        do throws(ManifestParser.Failure) {
            let (manifest, digest) = try fetch.parser!.finish()
            return (manifest, Text(digest: digest, size: fetch.byteCount))
        } catch {
            throw SyncFailure("\(settings.source): \(error)")
        }
    }

    /// Looks whether the manifest is the same now. No more is read of it than `text` has, and a byte.
    ///
    /// - Throws: where it does not come.
    static func isSame(
        _ text: Text, _ settings: SyncSettings, _ client: SourceClient, _ observer: SyncObserver
    ) throws(SyncFailure) -> Bool {
        let fetch = try run(settings, client, observer, comparedWith: text)
        return Text(digest: fetch.hasher.finish(), size: fetch.byteCount) == text
    }

    private static func run(
        _ settings: SyncSettings, _ client: SourceClient, _ observer: SyncObserver, comparedWith other: Text?
    ) throws(SyncFailure) -> ManifestFetch {
        let url = settings.source.url(of: name)
        var tries = 0
        while true {
            let fetch = ManifestFetch(comparedWith: other, isAllowed: settings.allows)
            do {
                let end = monotonicNanoseconds() + settings.manifestTime * 1_000_000_000
                try client.start(url, fetch)
                while !fetch.isOver, monotonicNanoseconds() < end { try client.turn(until: end) }
            } catch {
                throw SyncFailure("\(url): \(error)")
            }
            if !fetch.isOver {
                client.cancelAll()
                throw SyncFailure("\(url): it has not come whole within \(settings.manifestTime) s")
            }
            guard let failure = fetch.failure else { return fetch }
            tries += 1
            guard let wait = fetch.wait, tries < ManifestFetch.tries else {
                throw SyncFailure("\(url): \(failure)")
            }
            let seconds = max(wait, 1 << UInt64(tries - 1))
            if seconds > longestWait { throw SyncFailure("\(url): \(failure), for \(seconds) s") }
            observer.onEvent(.waiting(seconds: seconds, reason: failure))
            EventCount().wait(after: 0, until: monotonicNanoseconds() + seconds * 1_000_000_000)
        }
    }

    func begin(_ answer: SourceAnswer) -> Bool {
        guard isAllowed(answer.url) else { return fail("the source sends on to \(answer.url)", wait: nil) }
        switch answer.status {
        case 200: return true
        case 404:
            return fail(
                "the source has no such file (404); Source= is the directory that it is in", wait: nil)
        case 429, 500..<600:
            return fail("the source refuses it (\(answer.status))", wait: answer.retryAfter ?? 0)
        case let status: return fail("the source refuses it (\(status))", wait: nil)
        }
    }

    func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        byteCount.add(saturating: UInt64(bytes.count))
        guard parser != nil else {
            hasher.update(bytes)
            return !isOther
        }
        do throws(ManifestParser.Failure) {
            try parser!.take(bytes)
            return true
        } catch {
            return fail("\(error)", wait: nil)
        }
    }

    /// It is longer than what it is compared with: it differs, however it goes on.
    private var isOther: Bool { other.map { byteCount > $0.size } ?? false }

    func end(_ end: SourceEnd) {
        isOver = true
        if failure != nil || isOther { return }
        switch end {
        case .complete: break
        case .refused: _ = fail("the answer made no sense", wait: nil)
        case .cutOff(let words): _ = fail("the answer ended before its end: \(words)", wait: 0)
        case .stalled(let seconds): _ = fail("next to nothing came for \(seconds) s", wait: 0)
        case .unreachable(let words): _ = fail("the source does not answer: \(words)", wait: 0)
        case .forbidden(let words): _ = fail("the source \(words)", wait: nil)
        }
    }

    /// - Parameter wait: seconds after which it may be asked again; nil: it would do no good.
    private func fail(_ reason: String, wait: UInt64?) -> Bool {
        failure = reason
        self.wait = wait
        return false
    }
}

extension SyncSettings {
    /// True if a URL's content may be believed: what comes by http could come from anybody between here and there,
    /// and a manifest is all that tells what the files are.
    func allows(_ url: String) -> Bool {
        guard let place = try? SourceURL(String(url.prefix { $0 != "?" && $0 != "#" })) else { return false }
        return !place.isPlain || place.isLoopback || isInsecure
    }
}
