internal import PassimConfig
internal import PassimCore
internal import PassimSync
internal import PassimSystem

/// Output of `passim mirror sync`, and its exit status.
final class SyncOutput {
    private let isJSON: Bool
    private let isDryRun: Bool
    private let output = Output()
    private var json = JSONWriter()
    private var mirrors = 0
    private var isIncomplete = false
    private var failed = 0

    /// Nanoseconds between lines that tell how far a run is, where there is no terminal.
    private static let pause: UInt64 = 60_000_000_000
    private static let mostOfOneReason = 20

    init(isJSON: Bool, isDryRun: Bool) {
        self.isJSON = isJSON
        self.isDryRun = isDryRun
        if isJSON { json.beginArray() }
    }

    // MARK: - While it goes on

    /// A progress bar, or lines where standard error is no terminal.
    func observer(of dropIn: DropIn) -> SyncObserver {
        let showsLines = !StandardStream.errors.isTerminal && !isJSON
        var told = monotonicNanoseconds()
        return SyncObserver { [self] progress in
            let note = "\(progress.files) of \(counted(progress.totalFiles))"
            bar(of: progress.phase, dropIn).show(progress.bytes, of: progress.totalBytes, note)
            let now = monotonicNanoseconds()
            guard showsLines, now - told > SyncOutput.pause else { return }
            told = now
            let bytes = "\(ByteCount(progress.bytes)) of \(ByteCount(progress.totalBytes))"
            say("\(progress.phase == .checking ? "read" : "fetched") \(note), \(bytes)", dropIn)
        } onEvent: { [self] event in
            switch event {
            case .planned(let files, let bytes, let missing, let missingBytes):
                clear()
                bar = nil
                guard showsLines else { return }
                say(
                    "the source has \(counted(files)) (\(ByteCount(bytes))); "
                        + "to fetch: \(missing) (\(ByteCount(missingBytes)))", dropIn)
            case .moved:
                if showsLines { say("the source has changed meanwhile; going through it again", dropIn) }
            case .waiting(let seconds, let reason): say("\(reason); waiting \(seconds) s", dropIn)
            }
        }
    }

    private var bar: (phase: SyncProgress.Phase, bar: ProgressBar)?

    /// A bar measures the rate from when it is made.
    private func bar(of phase: SyncProgress.Phase, _ dropIn: DropIn) -> ProgressBar {
        if let bar, bar.phase == phase { return bar.bar }
        bar?.bar.clear()
        let name = RawName(dropIn.shortName)
        let new = ProgressBar(phase == .checking ? "Reading \(name)" : "Fetching \(name)")
        bar = (phase, new)
        return new
    }

    /// Takes the bar's line away.
    private func clear() {
        bar?.bar.clear()
    }

    private func say(_ text: String, _ dropIn: DropIn) {
        clear()
        Output.complain("\(RawName(dropIn.shortName)): \(text)")
    }

    // MARK: - At the end

    func add(_ dropIn: DropIn, _ report: SyncReport) throws(Failure) {
        clear()
        bar = nil
        mirrors += 1
        if !report.isWhole { isIncomplete = true }
        tell(report, dropIn)
        if let refusal = report.stampRefusal {
            say(
                "no digest can be recorded on \(counted(report.unstamped)), which are read again each time: \(refusal)",
                dropIn)
        }
        if isJSON {
            json.lineBreak()
            try write(dropIn, report)
            return
        }
        if isDryRun {
            try report.forEachToFetch { (file) throws(Failure) in
                try output.line("fetch \(file.path) (\(ByteCount(file.size)))")
            }
            for file in report.toDelete { try output.line("delete \(file.path) (\(ByteCount(file.size)))") }
            try output.line(
                "Nothing was written: \(report.toFetch) to fetch, \(report.toDelete.count) to delete.")
        } else {
            try output.line(SyncOutput.summary(dropIn, report))
        }
        try output.flush()
    }

    /// Each failure and why; where very many have one reason, the first of them.
    private func tell(_ report: SyncReport, _ dropIn: DropIn) {
        var counts: [String: Int] = [:]
        for failure in report.failures {
            counts[failure.reason, default: 0] += 1
            if counts[failure.reason]! <= SyncOutput.mostOfOneReason {
                Output.complain("\(RawName(dropIn.shortName)): \(failure.path): \(failure.reason)")
            }
        }
        for (reason, count) in counts.sorted(by: { $0.key < $1.key }) where count > SyncOutput.mostOfOneReason
        {
            say("\(counted(count - SyncOutput.mostOfOneReason)) more: \(reason)", dropIn)
        }
        if report.moreFailures > 0 { say("and \(counted(report.moreFailures)) more", dropIn) }
    }

    private func write(_ dropIn: DropIn, _ report: SyncReport) throws(Failure) {
        json.beginObject()
        json.report(dropIn, report)
        if isDryRun {
            json.key("to_fetch")
            json.beginArray()
            try report.forEachToFetch { (file) throws(Failure) in try planned(file) }
            json.end()
            json.key("to_delete")
            json.beginArray()
            for file in report.toDelete { try planned(file) }
            json.end()
        }
        json.end()
        try output.write(json.take())
    }

    private func planned(_ file: SyncReport.Planned) throws(Failure) {
        json.lineBreak()
        json.object { json in
            json.field("path", file.path)
            json.field("size", file.size)
        }
        try output.write(json.take())
    }

    static func summary(_ dropIn: DropIn, _ report: SyncReport) -> String {
        var text = "\(RawName(dropIn.shortName)): "
        text += report.isWhole ? "whole" : "incomplete, \(counted(report.failureCount)) failed"
        text += ": \(counted(report.files)) (\(ByteCount(report.bytes)))"
        text += "; fetched \(report.fetched) (\(ByteCount(report.fetchedBytes)))"
        if report.made > 0 { text += "; made \(report.made)" }
        if report.deleted > 0 { text += "; deleted \(report.deleted)" }
        return text + "."
    }

    /// Nothing could be done for a mirror; others may still be filled.
    /// A drop-in cannot be used, which has been said: not all is filled.
    func noteUnusable() {
        isIncomplete = true
    }

    func fail(_ dropIn: DropIn, _ reason: String) throws(Failure) {
        clear()
        mirrors += 1
        failed += 1
        Output.complain("\(RawName(dropIn.shortName)): \(reason)")
        guard isJSON else { return }
        json.lineBreak()
        json.object { json in
            json.field("name", dropIn.shortName)
            json.field("directory", dropIn.path)
            json.field("whole", false)
            json.field("error", reason)
        }
    }

    /// - Returns: the exit status.
    func finish() throws(Failure) -> Int32 {
        if isJSON {
            json.lineBreak()
            json.end()
            try output.write(json.take() + [0x0A])
            try output.flush()
        }
        if failed == mirrors { return 1 }
        return isIncomplete || failed > 0 ? 2 : 0
    }
}

extension DropIn {
    /// Without `.conf`.
    fileprivate var shortName: String { name.hasSuffix(".conf") ? String(name.dropLast(5)) : name }
}

extension JSONWriter {
    /// The members of an object.
    fileprivate mutating func report(_ dropIn: DropIn, _ report: SyncReport) {
        field("name", dropIn.shortName)
        field("directory", dropIn.path)
        field("source", dropIn.source?.text ?? "")
        field("whole", report.isWhole)
        field("files", report.files)
        field("bytes", report.bytes)
        field("present", report.present)
        field("fetched", report.fetched)
        field("fetched_bytes", report.fetchedBytes)
        field("made", report.made)
        field("deleted", report.deleted)
        field("turns", report.turns)
        field("failed", report.failureCount)
        key("failures")
        array { json in
            for failure in report.failures {
                json.lineBreak()
                json.object { json in
                    json.field("path", failure.path)
                    json.field("reason", failure.reason)
                }
            }
        }
    }
}
