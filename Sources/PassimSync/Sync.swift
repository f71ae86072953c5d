// A run: makes a directory hold what a source's manifest names. The order is what keeps the mirror consistent at every
// moment: payload, then metadata, then what signs it; then a look whether the source has changed meanwhile.

internal import PassimConfig
internal import PassimCore
internal import PassimFetch
internal import PassimSystem

package final class Sync {
    /// How often a source may change while it is mirrored.
    private static let mostTurns = 5
    /// Metadata and signatures that are held until all of them are there.
    private static let mostHeld = 128

    private let settings: SyncSettings
    private let observer: SyncObserver
    private let place: MirrorPlace
    private let client: SourceClient
    private var report = SyncReport()
    /// Files of which the source sends other content than it says, whatever turn it is.
    private var wrong: [RawName: Digest] = [:]
    /// Files that the mirror's `.jcat`s name.
    private var named: Set<RawName> = []
    /// The last turn was given up, and what it would have fetched is in no list of failures.
    private var isCutShort = false

    /// Fills the directory, and notes the result in the record; also where it cannot begin.
    ///
    /// - Throws: where nothing could be done: the directory or the source cannot be used, or somebody else is filling
    ///   the directory.
    package static func run(
        _ settings: SyncSettings, _ observer: SyncObserver = SyncObserver()
    ) throws(SyncFailure) -> SyncReport {
        do throws(SyncFailure) {
            return try Sync(settings, observer).run()
        } catch {
            // Read as late as possible: a run that fills the directory may have written it just now.
            var record = settings.lastRecord
            record.problem = error.description
            guard let obstacle = settings.keep(record) else { throw error }
            throw SyncFailure("\(error); \(obstacle)")
        }
    }

    private init(_ settings: SyncSettings, _ observer: SyncObserver) throws(SyncFailure) {
        guard settings.allows(settings.source.text) else {
            throw SyncFailure(
                "\(settings.source): what comes by http may come from anybody; write https, or use --insecure"
            )
        }
        self.settings = settings
        self.observer = observer
        place = try MirrorPlace(settings.dropIn.path, isReadOnly: settings.isDryRun)
        if !settings.isDryRun { try place.lock() }
        var transfers = settings.transfers
        transfers.allowsPlain = settings.source.isPlain
        // Through a proxy it would not be this machine that answers.
        if settings.source.isPlain, settings.source.isLoopback { transfers.unproxied = settings.source.host }
        do {
            client = try SourceClient(transfers)
        } catch {
            throw SyncFailure("\(error)")
        }
    }

    /// - Throws: where nothing could be done.
    private func run() throws(SyncFailure) -> SyncReport {
        var record = settings.lastRecord
        try work(&record)
        record.problem = report.problem
        if report.isWhole { record.lastWhole = wallClockSeconds() }
        if let obstacle = settings.keep(record) { report.fail(RawName(settings.record ?? ""), obstacle) }
        return report
    }

    private func work(_ record: inout SyncRecord) throws(SyncFailure) {
        var fetched = try ManifestFetch.manifest(settings, client, observer)
        var manifest = fetched.manifest
        while true {
            report.turns += 1
            report.failures = []
            report.moreFailures = 0
            do throws(SyncFailure) {
                try turn(manifest)
            } catch {
                if report.turns == 1 { throw error }
                cutShort("what is new in it was not fetched: \(error)")
                break
            }
            if settings.isDryRun { break }
            guard hasMoved(fetched.text) else { break }
            if report.turns == Sync.mostTurns {
                report.fail(
                    ManifestFetch.name, "the source changed \(report.turns) times meanwhile; try again later")
                break
            }
            observer.onEvent(.moved)
            do throws(SyncFailure) {
                fetched = try ManifestFetch.manifest(settings, client, observer)
                manifest = fetched.manifest
            } catch {
                cutShort("the source has changed meanwhile, and it does not come again: \(error)")
                break
            }
        }
        for fault in manifest.faults {
            let line = fault.line.map { "line \($0) of the manifest" } ?? "the manifest"
            report.fail(fault.text, "\(line) is refused: \(fault.reason)")
        }
        report.moreFailures += manifest.faultCount - manifest.faults.count
        tidy(manifest, &record)
    }

    /// After a turn in which much was done, a fault of the source makes the run incomplete, no failure.
    private func cutShort(_ reason: String) {
        isCutShort = true
        report.fail(ManifestFetch.name, reason)
    }

    private func hasMoved(_ text: ManifestFetch.Text) -> Bool {
        do throws(SyncFailure) {
            return try !ManifestFetch.isSame(text, settings, client, observer)
        } catch {
            // The files there are as the manifest said.
            report.fail(ManifestFetch.name, "it is not known if the source has changed meanwhile: \(error)")
            return false
        }
    }

    // MARK: - A turn

    private func turn(_ manifest: Manifest) throws(SyncFailure) {
        let missing = look(manifest)
        var missingBytes: UInt64 = 0
        var kept: UInt64 = 0
        for position in missing {
            let entry = manifest[position]
            missingBytes.add(saturating: entry.size)
            kept.add(saturating: place.partBytes(entry))
        }
        observer.onEvent(
            .planned(
                files: report.files, bytes: report.bytes, missing: missing.count,
                missingBytes: missingBytes - min(kept, missingBytes)))
        if settings.isDryRun {
            report.missing = missing
            report.manifest = manifest
            return
        }
        try checkRoom(missingBytes - min(kept, missingBytes))
        let progress = SyncProgress(
            phase: .fetching, totalFiles: missing.count, totalBytes: missingBytes)
        fetch(missing, manifest, Fetching(settings, observer, place, client, manifest, progress))
        var signed = SignedMetadata(place, settings, manifest)
        forEachSignature(manifest) { signed.check($0, &report) }
        named = signed.named
    }

    /// Finds the files to fetch, in the order of the manifest.
    private func look(_ manifest: Manifest) -> [Int] {
        report.files = 0
        report.bytes = 0
        report.present = 0
        var missing: [Int] = []
        var unknown: [Int] = []
        var unknownBytes: UInt64 = 0
        for position in 0..<manifest.count {
            let entry = manifest[position]
            guard settings.dropIn.accepts(entry.path) else { continue }
            report.files += 1
            report.bytes.add(saturating: entry.size)
            do throws(SystemError) {
                switch try place.look(entry) {
                case .current: report.present += 1
                case .missing: missing.append(position)
                case .unknown:
                    unknown.append(position)
                    unknownBytes.add(saturating: entry.size)
                }
            } catch {
                report.fail(entry.path, error.sentence)
            }
        }
        var progress = SyncProgress(
            phase: .checking, totalFiles: unknown.count, totalBytes: unknownBytes)
        for position in unknown {
            let entry = manifest[position]
            do throws(SystemError) {
                let digest = try place.digest(of: entry.path) { [observer] count in
                    progress.bytes.add(saturating: count)
                    observer.onProgress(progress)
                }
                if digest == entry.digest { report.present += 1 } else { missing.append(position) }
            } catch {
                report.fail(entry.path, error.sentence)
            }
            progress.files += 1
        }
        return missing
    }

    private func checkRoom(_ needed: UInt64) throws(SyncFailure) {
        do throws(SystemError) {
            let available = try place.availableBytes()
            if needed > available {
                throw SystemError(code: .noSpace, call: .write, subject: "\(needed) \(available)")
            }
        } catch {
            guard error.code == .noSpace else { throw SyncFailure("\(place.path): \(error.sentence)") }
            let numbers = error.subject.split(separator: " ")
            throw SyncFailure(
                "\(place.path): \(numbers.first ?? "") bytes are missing, and there is room for \(numbers.last ?? "")"
            )
        }
    }

    private func fetch(_ missing: [Int], _ manifest: Manifest, _ fetching: Fetching) {
        var byRole: [[Int]] = [[], [], []]
        for position in missing {
            let entry = manifest[position]
            let role = FileRole(entry.path)
            if role == .payload, wrong[entry.path] == entry.digest {
                report.fail(entry.path, FileFetch.wrongContent)
            } else {
                byRole[role.rawValue].append(position)
            }
        }
        var publication = Publication(place, vouch: settings.vouch)
        var signed = SignedMetadata(place, settings, manifest)
        let isHeld = byRole[1].count + byRole[2].count <= Sync.mostHeld
        func flush() {
            publication.flush(&report) { file, report in mayAppear(file, &signed, &report) }
        }
        var stop: String?
        for role in FileRole.allCases {
            let appearsAtOnce = role == .payload || !isHeld
            if let stop {
                for position in byRole[role.rawValue] { report.fail(manifest[position].path, stop) }
                continue
            }
            do throws(Fetching.Stop) {
                try fetching.run(byRole[role.rawValue]) { file in
                    publication.add(file)
                    if appearsAtOnce, publication.isFull { flush() }
                } onPause: {
                    if appearsAtOnce { flush() }
                } onFailure: { position, reason in
                    let entry = manifest[position]
                    if reason == FileFetch.wrongContent { wrong[entry.path] = entry.digest }
                    report.fail(entry.path, reason)
                }
            } catch {
                stop = error.reason
            }
            if appearsAtOnce { flush() }
        }
        flush()
        // `.jcat`s that were there already may name what is not.
        forEachSignature(manifest) { path in
            guard let content = try? place.content(of: path, limit: SignedNames.longestFile) else { return }
            _ = signed.complete(path, content, &report)
        }
    }

    private func mayAppear(
        _ file: Publication.File, _ signed: inout SignedMetadata, _ report: inout SyncReport
    ) -> Bool {
        guard file.entry.path.isSignature, file.entry.size <= UInt64(SignedNames.longestFile) else {
            return true
        }
        do throws(SystemError) {
            let content = try file.part.lend { (open) throws(SystemError) in
                try open.content(count: Int(file.entry.size))
            }
            guard let fault = signed.complete(file.entry.path, content, &report) else { return true }
            report.fail(file.entry.path, "held back: \(fault)")
        } catch {
            report.fail(file.entry.path, error.sentence)
        }
        return false
    }

    /// The manifest's `.jcat` files.
    private func forEachSignature(_ manifest: Manifest, _ body: (RawName) -> Void) {
        for position in 0..<manifest.count where manifest.isSignature(position) {
            let path = manifest[position].path
            if settings.dropIn.accepts(path) { body(path) }
        }
    }

    // MARK: - What is there besides

    private func tidy(_ manifest: Manifest, _ record: inout SyncRecord) {
        let now = wallClockSeconds()
        // The next run goes on with the parts of files that did not come.
        let parts = Set(
            report.failures.compactMap { failure in
                manifest.position(of: failure.path).map { MirrorPlace.partName(manifest[$0]) }
            })
        let arePartsKnown = report.moreFailures == 0 && !isCutShort
        var replaced: [RawName: Int64] = [:]
        var extras: [SyncReport.Planned] = []
        var leftovers: [RawName] = []
        do throws(SystemError) {
            try place.walk {
                settings.dropIn.entersDirectory($0)
            } _: { seen in
                if MirrorPlace.isPart(seen.path.basename) {
                    if arePartsKnown, !parts.contains(seen.path.basename) { leftovers.append(seen.path) }
                    return
                }
                guard settings.dropIn.accepts(seen.path), manifest.position(of: seen.path) == nil,
                    !named.contains(seen.path)
                else { return }
                if seen.path.basename.bytes.starts(with: "firmware-".utf8) {
                    let since = min(record.replaced[seen.path] ?? now, now)
                    replaced[seen.path] = since
                    let (age, isEndless) = now.subtractingReportingOverflow(since)
                    if !isEndless, age < Int64(settings.dropIn.keepOld) { return }
                }
                extras.append(SyncReport.Planned(path: seen.path, size: seen.size))
            }
        } catch {
            report.fail(.empty, error.sentence)
        }
        record.replaced = replaced
        if settings.isDryRun {
            if settings.deletes { report.toDelete = extras }
            return
        }
        for path in leftovers { try? place.remove(path) }
        guard settings.deletes, report.isWhole else { return }
        for extra in extras {
            do throws(SystemError) {
                try place.remove(extra.path)
                record.replaced[extra.path] = nil
                report.deleted += 1
            } catch {
                if error.code != .notFound { report.fail(extra.path, "cannot be removed: \(error.sentence)") }
            }
        }
    }
}

extension RawName {
    var isSignature: Bool { bytes.count > 5 && bytes.suffix(5).elementsEqual(".jcat".utf8) }
}

extension Descriptor {
    /// The first bytes of a file.
    fileprivate borrowing func content(count: Int) throws(SystemError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
        defer { buffer.deallocate() }
        var position = 0
        while position < count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[position...])
            let read = try read(into: rest, at: UInt64(position))
            if read == 0 { break }
            position += read
        }
        return Array(buffer[..<position])
    }
}
