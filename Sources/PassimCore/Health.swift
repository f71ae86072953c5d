/// How this machine is, in a word and a sentence: the same for page, monitoring, bus and command.
package struct Health: Sendable {
    /// The worst that is true.
    package enum Verdict: String, Sendable {
        case ok, warning, error, scanning, empty

        /// As `passim status` begins.
        package var word: String { rawValue.uppercased() }
    }

    package var status: DaemonStatus
    /// The worst first.
    package var troubles: [Trouble]
    package var directories: [DirectoryStatus]
    /// Files that can be fetched.
    package var files: UInt64
    /// Digests that other machines are to find, and those that they can.
    package var wanted: UInt64
    package var found: UInt64

    package init(
        status: DaemonStatus, troubles: [Trouble], directories: [DirectoryStatus], files: UInt64,
        wanted: UInt64,
        found: UInt64
    ) {
        self.status = status
        self.troubles = troubles.sorted(by: Trouble.isWorse)
        self.directories = directories
        self.files = files
        self.wanted = wanted
        self.found = found
    }

    package var verdict: Verdict {
        if let worst = troubles.first { return worst.severity == .error ? .error : .warning }
        if isScanning { return .scanning }
        return directories.isEmpty && files == 0 ? .empty : .ok
    }

    /// True until all directories were looked through once.
    package var isScanning: Bool { status == .starting || status == .loading }

    /// A sentence without a full stop, to come after the verdict.
    package var headline: String {
        switch verdict {
        case .error, .warning:
            let more = troubles.count - 1
            let others = more == 0 ? "" : more == 1 ? "; 1 more problem" : "; \(more) more problems"
            return troubles[0].what + others
        case .scanning: return progress
        case .empty: return "no directory is shared yet"
        case .ok: return reach
        }
    }

    private var progress: String {
        if status == .starting { return "the daemon is starting, and its port is not open yet" }
        let waiting = directories.reduce(UInt64(0)) {
            $0.adding(saturating: UInt64(clamping: $1.pendingFiles))
        }
        let left = directories.compactMap(\.secondsLeft).max().map { ", about \(Health.span($0)) left" } ?? ""
        return
            "\(percent) %\(left); \(files) of \(files.adding(saturating: waiting)) files can be fetched already"
    }

    /// 0–99: how much of the bytes found so far has been hashed, or was known.
    package var percent: Int {
        let bytes = directories.reduce(UInt64(0)) { $0.adding(saturating: $1.bytes) }
        let pending = directories.reduce(UInt64(0)) { $0.adding(saturating: $1.pendingBytes) }
        return pending == 0 ? 0 : min(99, Int(Double(bytes) / (Double(bytes) + Double(pending)) * 100))
    }

    private var reach: String {
        let shared = files == 1 ? "1 file is shared" : "\(files) files are shared"
        // Files with the same content have one digest.
        if wanted == 0 { return files == 0 ? "nothing is shared yet" : "\(shared), and none is advertised" }
        if found < wanted { return "\(shared); other machines can find \(found) of \(wanted) digests so far" }
        let all = files == 1 ? "it" : isAllWanted ? "all of them" : "\(wanted) digests"
        return "\(shared), and other machines can find \(all)"
    }

    private var isAllWanted: Bool { directories.allSatisfy(\.isAdvertised) }

    private static func span(_ seconds: Int) -> String {
        seconds >= 7200 ? "\(seconds / 3600) h" : seconds >= 120 ? "\(seconds / 60) min" : "\(seconds) s"
    }
}
