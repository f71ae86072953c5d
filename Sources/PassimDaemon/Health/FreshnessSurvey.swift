internal import PassimConfig
internal import PassimCore
internal import PassimIndex
internal import PassimSystem

/// How old the content of each directory is, and when it was synced last, as it was when it was looked at last.
final class FreshnessSurvey: Sendable {
    /// One directory's age and sync.
    struct Freshness: Equatable {
        /// Time of the newest firmware metadata, else the newest file.
        var newest: Timestamp?
        var newestName = ""
        var sync: SyncState?
    }

    private struct Known {
        var freshness = Freshness()
        /// When it was changed last, as far as the newest file is known of.
        var looked: Timestamp??
    }

    private let known = Lock<[OriginID: Known]>([:])
    private let index: DigestIndex
    private let paths: Paths

    init(index: DigestIndex, paths: Paths) {
        self.index = index
        self.paths = paths
    }

    /// Looks at all of them. For one thread, that may wait.
    func look(at directories: [DirectoryStatus]) {
        let before = known.withLock { $0 }
        var found: [OriginID: Known] = [:]
        var changed: Set<OriginID> = []
        for directory in directories {
            guard let origin = directory.origin else { continue }
            var known = before[origin] ?? Known()
            known.freshness.sync = SyncState.read(paths.syncState(of: directory.dropIn))
            if known.looked != .some(directory.lastChange) {
                known.looked = .some(directory.lastChange)
                changed.insert(origin)
            }
            found[origin] = known
        }
        if !changed.isEmpty {
            let newest = newestFiles(of: changed)
            for origin in changed {
                found[origin]!.freshness.newest = newest[origin]?.time
                found[origin]!.freshness.newestName = newest[origin].map { "\($0.name)" } ?? ""
            }
        }
        known.withLock { $0 = found }
    }

    func freshness(of origin: OriginID) -> Freshness? { known.withLock { $0[origin]?.freshness } }

    private struct Newest {
        var time: Timestamp
        var name: RawName
        var isMetadata: Bool
    }

    private func newestFiles(of origins: Set<OriginID>) -> [OriginID: Newest] {
        var newest: [OriginID: Newest] = [:]
        var position: EntryID?
        repeat {
            let (files, next) = index.files(after: position, limit: 1024)
            for (entry, name) in files where origins.contains(entry.origin) {
                let time = entry.identity.modified
                let isMetadata = FreshnessSurvey.isMetadata(name)
                if let known = newest[entry.origin] {
                    guard
                        (isMetadata && !known.isMetadata)
                            || (isMetadata == known.isMetadata && known.time < time)
                    else { continue }
                }
                newest[entry.origin] = Newest(time: time, name: name, isMetadata: isMetadata)
            }
            position = next
        } while position != nil
        return newest
    }

    /// `firmware*.xml*`, but not what signs it.
    private static func isMetadata(_ name: RawName) -> Bool {
        let bytes = name.bytes
        return bytes.starts(with: Array("firmware".utf8)) && !bytes.ends(with: Array(".jcat".utf8))
            && !bytes.ends(with: Array(".asc".utf8)) && RawName(bytes: bytes).description.contains(".xml")
    }
}

extension Array<UInt8> {
    fileprivate func ends(with other: [UInt8]) -> Bool { suffix(other.count).elementsEqual(other) }
}

extension DropIn {
    /// Says if its directory is stale.
    ///
    /// - Parameter now: Unix seconds.
    func staleness(_ freshness: FreshnessSurvey.Freshness, at now: Int64) -> Trouble? {
        let limit = Int64(staleAfter ?? (freshness.sync == nil && source == nil ? 0 : DropIn.usualStaleAfter))
        guard limit > 0 else { return nil }
        let unit = name.hasSuffix(".conf") ? String(name.dropLast(5)) : name
        if let sync = freshness.sync {
            if let last = sync.lastWhole, DropIn.age(of: last, at: now) < limit { return nil }
            let reason = sync.failure(at: now).map { "; \($0)" } ?? ""
            let command = ShellWord.command("passim mirror sync", unit)
            guard let last = sync.lastWhole else {
                return Trouble(
                    .error, .freshness, subject: path, "\(path) was never synced whole",
                    why: [sync.error, sync.lastTry.map { "tried \(DropIn.span(since: $0, at: now)) ago" }]
                        .compactMap { $0 }.joined(separator: "; "),
                    command: command)
            }
            return Trouble(
                .error, .freshness, subject: path, "\(path) is stale",
                why: "its last whole sync ended \(DropIn.span(since: last, at: now)) ago\(reason)",
                command: command)
        }
        guard let newest = freshness.newest else { return nil }
        let age = DropIn.age(of: newest.seconds, at: now)
        guard age >= limit else { return nil }
        return Trouble(
            .error, .freshness, subject: path, "\(path) is stale",
            why: "its newest content, \(freshness.newestName), is \(DropIn.span(age)) old",
            command: "look at the job that fills it")
    }

    /// The trouble of a directory with a source from which nothing ever came; as long as it may be stale, that is none.
    func emptiness(_ freshness: FreshnessSurvey.Freshness) -> Troubles.Finding? {
        let limit = Int64(staleAfter ?? DropIn.usualStaleAfter)
        guard source != nil, limit > 0, freshness.sync == nil, freshness.newest == nil else { return nil }
        let unit = name.hasSuffix(".conf") ? String(name.dropLast(5)) : name
        return .init(
            trouble: Trouble(
                .error, .freshness, subject: path, "\(path) was never synced",
                why: "it has Source=, and nothing fills it",
                command: ShellWord.command("systemctl enable --now", "passim-sync@\(unit).timer")),
            patience: limit)
    }

    /// Seconds between two times, of which the first comes from a file and may be anything.
    private static func age(of time: Int64, at now: Int64) -> Int64 {
        let (age, overflow) = now.subtractingReportingOverflow(time)
        return overflow ? (time < 0 ? .max : .min) : age
    }

    /// The time between, in words; none where the first is later.
    fileprivate static func span(since time: Int64, at now: Int64) -> String {
        span(max(0, age(of: time, at: now)))
    }

    private static func span(_ seconds: Int64) -> String {
        seconds >= 172_800
            ? "\(seconds / 86400) d" : seconds >= 7200 ? "\(seconds / 3600) h" : "\(seconds / 60) min"
    }
}

extension SyncState {
    /// Says in words when the last sync was, and why not all is there after it; nil where it was whole.
    ///
    /// - Parameter now: Unix seconds.
    func failure(at now: Int64) -> String? {
        guard let error else { return nil }
        let when = lastTry.map { ", \(DropIn.span(since: $0, at: now)) ago," } ?? ""
        return "the last sync\(when) was not whole: \(error)"
    }
}
