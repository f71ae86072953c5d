internal import PassimConfig
internal import PassimCore
internal import PassimCrypto
internal import PassimFetch
internal import PassimSystem

/// Gets the manifest of a source.
final class ManifestFetch: SourceReceiver {
    static let name = RawName("PULP_MANIFEST")
    private static let tries = 4
    private static let longestWait: UInt64 = 60

    /// nil: only its digest is wanted.
    private var parser: ManifestParser?
    private let hasher = SHA256Hasher()
    private let isAllowed: (String) -> Bool
    private var failure: String?
    private var wait: UInt64?
    private var isOver = false

    private init(parses: Bool, isAllowed: @escaping (String) -> Bool) {
        parser = parses ? ManifestParser() : nil
        self.isAllowed = isAllowed
    }

    /// - Throws: where it does not come, or is none.
    static func manifest(
        _ settings: SyncSettings, _ client: SourceClient, _ observer: SyncObserver
    ) throws(SyncFailure) -> (Manifest, Digest) {
        let fetch = try run(settings, client, observer, parses: true)
        do throws(ManifestParser.Failure) {
            return try fetch.parser!.finish()
        } catch {
            throw SyncFailure("\(settings.source): \(error)")
        }
    }

    /// The manifest's digest now.
    static func digest(
        _ settings: SyncSettings, _ client: SourceClient, _ observer: SyncObserver
    ) throws(SyncFailure) -> Digest {
        try run(settings, client, observer, parses: false).hasher.finish()
    }

    private static func run(
        _ settings: SyncSettings, _ client: SourceClient, _ observer: SyncObserver, parses: Bool
    ) throws(SyncFailure) -> ManifestFetch {
        let url = settings.source.url(of: name)
        var tries = 0
        while true {
            let fetch = ManifestFetch(parses: parses, isAllowed: settings.allows)
            do {
                try client.start(url, fetch)
                while !fetch.isOver { try client.turn(until: nil) }
            } catch {
                throw SyncFailure("\(url): \(error)")
            }
            guard let failure = fetch.failure else { return fetch }
            tries += 1
            guard let wait = fetch.wait, tries < ManifestFetch.tries else {
                throw SyncFailure("\(url): \(failure)")
            }
            let seconds = max(wait, 1 << UInt64(tries - 1))
            if seconds > longestWait { throw SyncFailure("\(url): \(failure), for \(seconds) s") }
            observer.onEvent(.waiting(seconds: seconds, reason: failure))
            Doorbell().wait(after: 0, until: monotonicNanoseconds() + seconds * 1_000_000_000)
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
        guard parser != nil else {
            hasher.update(bytes)
            return true
        }
        do throws(ManifestParser.Failure) {
            try parser!.take(bytes)
            return true
        } catch {
            return fail("\(error)", wait: nil)
        }
    }

    func end(_ end: SourceEnd) {
        isOver = true
        if failure != nil { return }
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
