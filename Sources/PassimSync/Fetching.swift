// The files of one turn, several at a time. Which failures are tried again, after how long, and when a source is given
// up, is decided here.

internal import PassimConfig
internal import PassimCore
internal import PassimFetch
internal import PassimSystem

final class Fetching {
    /// Why nothing more is fetched, in words.
    struct Stop: Error {
        var reason: String
    }

    private struct Job {
        var position: Int
        var tries = 0
        var wrong = 0
    }

    /// How often a file is asked for; more often, as long as something comes of it each time.
    private static let tries = 4
    private static let triesWithProgress = 50
    /// How often in a row, for whatever files, there is no answer, or one that says to come later.
    private static let refusals = 8
    /// Seconds for which it is worth waiting.
    private static let longestWait: UInt64 = 900
    private static let second: UInt64 = 1_000_000_000
    /// Nanoseconds after which a file that has come gets its name, if no others come.
    private static let longestHold: UInt64 = 1_000_000_000

    private let settings: SyncSettings
    private let observer: SyncObserver
    private let place: MirrorPlace
    private let client: SourceClient
    private let manifest: Manifest

    private var waiting: [Job] = []
    private var running: [Int: Job] = [:]
    private var ended: [FileFetch] = []
    private var refusals = 0
    private var pausedUntil: UInt64 = 0
    /// Bytes that came in the last seconds, less what may come in them.
    private var excess: Double = 0
    private var excessAt = monotonicNanoseconds()
    private(set) var progress: SyncProgress

    init(
        _ settings: SyncSettings, _ observer: SyncObserver, _ place: MirrorPlace, _ client: SourceClient,
        _ manifest: Manifest, _ progress: SyncProgress
    ) {
        self.settings = settings
        self.observer = observer
        self.place = place
        self.client = client
        self.manifest = manifest
        self.progress = progress
    }

    /// Fetches these files.
    ///
    /// - Parameters:
    ///   - onWhole: called with each that has come whole.
    ///   - onPause: called often, when nothing else is to be done at once.
    ///   - onFailure: called with each that does not come.
    /// - Throws: when it makes no sense to ask for the others; those are told of by `onFailure` before.
    func run(
        _ positions: some Collection<Int>, onWhole: (Publication.File) -> Void,
        onPause: () -> Void, onFailure: (Int, String) -> Void
    ) throws(Stop) {
        waiting = positions.reversed().map { Job(position: $0) }
        var lastWhole: UInt64?
        do {
            while !waiting.isEmpty || !running.isEmpty {
                let resumption = try begin(onWhole, onFailure)
                if !running.isEmpty || resumption != nil {
                    let latest = monotonicNanoseconds() + Fetching.second
                    try turn(until: min(resumption ?? latest, latest))
                }
                while let fetch = ended.popLast() {
                    if case .whole = fetch.outcome { lastWhole = lastWhole ?? monotonicNanoseconds() }
                    try settle(fetch, onWhole, onFailure)
                }
                observer.onProgress(progress)
                if let since = lastWhole, monotonicNanoseconds() - since > Fetching.longestHold {
                    lastWhole = nil
                    onPause()
                }
            }
        } catch {
            client.cancelAll()
            let reason = (error as? Stop)?.reason ?? "\(error)"
            for job in waiting { onFailure(job.position, reason) }
            for job in running.values { onFailure(job.position, reason) }
            throw Stop(reason: reason)
        }
    }

    private func turn(until deadline: UInt64) throws {
        if client.count == 0 {
            let now = monotonicNanoseconds()
            // Without a transfer libcurl has nothing to wait for.
            if deadline > now { EventCount().wait(after: 0, until: deadline) }
        } else {
            try client.turn(until: deadline)
        }
    }

    // MARK: - Beginning

    /// - Returns: when more may be begun; nil when something ends.
    private func begin(
        _ onWhole: (Publication.File) -> Void, _ onFailure: (Int, String) -> Void
    ) throws -> UInt64? {
        while running.count < settings.transfers.connections, let job = waiting.last {
            let now = monotonicNanoseconds()
            if now < pausedUntil { return pausedUntil }
            if let resumption = limit(now) { return resumption }
            waiting.removeLast()
            let entry = manifest[job.position]
            let part: PartialFile
            let isThere: Bool
            do throws(DownloadError) {
                part = try place.openPart(entry)
                isThere = try part.holds(entry)
            } catch {
                try settle(job, entry, error, onFailure)
                continue
            }
            progress.bytes.add(saturating: part.byteCount)
            let fetch = FileFetch(
                job.position, entry, into: part, isAllowed: settings.allows,
                onBytes: { [unowned self] count in came(count) },
                onEnd: { [unowned self] in ended.append($0) })
            running[job.position] = job
            // An earlier run had all of it, and was ended before it had a name.
            if isThere {
                fetch.keep()
                ended.append(fetch)
                return monotonicNanoseconds()
            }
            let others = max(1, min(settings.transfers.connections, running.count + waiting.count))
            let share =
                settings.transfers.maxRate == 0
                ? 0 : max(1, settings.transfers.maxRate / UInt64(others))
            try client.start(settings.source.url(of: entry.path), from: part.byteCount, share: share, fetch)
        }
        return nil
    }

    private func came(_ count: Int64) {
        if count >= 0 {
            progress.bytes.add(saturating: UInt64(count))
            excess += Double(count)
        } else {
            progress.bytes -= min(progress.bytes, count.magnitude)
        }
        observer.onProgress(progress)
    }

    /// Small files come in one piece each, faster than any limit of libcurl: after them nothing is begun for a while.
    ///
    /// - Returns: until when; nil where something may be begun now.
    private func limit(_ now: UInt64) -> UInt64? {
        guard settings.transfers.maxRate > 0 else { return nil }
        let rate = Double(settings.transfers.maxRate)
        excess = max(0, excess - rate * Double(now - min(now, excessAt)) / 1e9)
        excessAt = now
        guard excess > 0 else { return nil }
        return now + UInt64(saturating: min(excess / rate, 3600) * 1e9)
    }

    // MARK: - Ending

    private func settle(
        _ fetch: FileFetch, _ onWhole: (Publication.File) -> Void, _ onFailure: (Int, String) -> Void
    ) throws {
        guard var job = running.removeValue(forKey: fetch.position) else { return }
        func again() { waiting.append(job) }
        func fail(_ reason: String) { onFailure(fetch.position, reason) }
        job.tries += 1
        switch fetch.outcome {
        case .whole:
            refusals = 0
            progress.files += 1
            let modified = fetch.modified.map { Timestamp(seconds: $0, nanoseconds: 0) }
            onWhole(Publication.File(entry: fetch.entry, part: fetch.part, modified: modified))
        case .beginAnew:
            if job.tries < Fetching.tries {
                again()
            } else {
                fail("the source does not send it from its beginning")
            }
        case .wrong(let reason):
            refusals = 0
            job.wrong += 1
            if job.wrong < 2 { again() } else { fail(reason) }
        case .denied(let reason):
            refusals = 0
            fail(reason)
        case .cutOff(let words):
            refusals = 0
            let most = fetch.part.byteCount > fetch.offset ? Fetching.triesWithProgress : Fetching.tries
            let count = fetch.part.byteCount
            if job.tries < most {
                again()
            } else {
                fail("ended after \(count) of \(fetch.entry.size) bytes: \(words)")
            }
        case .busy(let seconds, let reason): try pause(job, seconds, reason, fail)
        case .unreachable(let words): try pause(job, nil, "the source does not answer: \(words)", fail)
        case .disk(let error): try settle(job, fetch.entry, DownloadError.system(error), onFailure)
        case nil: fail("it was not asked for")
        }
    }

    private func pause(
        _ job: Job, _ wanted: UInt64?, _ reason: String, _ fail: (String) -> Void
    ) throws {
        // Files in a row are counted, not tries: one that is never to be had does not keep the others from coming.
        if job.tries <= 1 { refusals += 1 }
        let seconds = wanted ?? min(1 << UInt64(min(job.tries - 1, 10)), 60)
        guard refusals <= Fetching.refusals, seconds <= Fetching.longestWait else {
            fail(reason)
            throw Stop(reason: wanted.map { "\(reason), for \($0) s" } ?? reason)
        }
        guard job.tries <= (wanted == nil ? Fetching.tries : 4 * Fetching.tries) else { return fail(reason) }
        waiting.append(job)
        let end = monotonicNanoseconds() + seconds * Fetching.second
        if end > pausedUntil {
            pausedUntil = end
            observer.onEvent(.waiting(seconds: seconds, reason: reason))
        }
    }

    /// Fails a file that this machine cannot take; a full disk ends it all.
    private func settle(
        _ job: Job, _ entry: Manifest.Entry, _ error: DownloadError, _ onFailure: (Int, String) -> Void
    ) throws {
        guard case .system(let cause) = error else { return onFailure(job.position, "\(error)") }
        onFailure(job.position, cause.sentence)
        if [.noSpace, .quota].contains(cause.code) {
            throw Stop(reason: cause.sentence)
        }
    }
}

extension PartialFile {
    /// True if the whole file is there from before; bytes that cannot be its beginning are thrown away.
    fileprivate func holds(_ entry: Manifest.Entry) throws(DownloadError) -> Bool {
        if byteCount == entry.size, digest == entry.digest { return true }
        guard byteCount >= entry.size, byteCount > 0 else { return false }
        do throws(SystemError) { try restart() } catch { throw .system(error) }
        return false
    }
}
