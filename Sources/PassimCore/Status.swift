/// The daemon as a whole; raw values are those of `Status` on the bus.
package enum DaemonStatus: UInt32, Sendable {
    case unknown = 0
    case starting = 1
    /// Serving, and the first pass over the directories is not finished.
    case loading = 2
    case running = 3
    /// Not advertised: the connection is metered.
    case disabledMetered = 4

    /// One word for a page or a terminal.
    package var word: String {
        switch self {
        case .unknown: "unknown"
        case .starting: "starting"
        case .loading: "loading"
        case .running: "running"
        case .disabledMetered: "not advertised (metered connection)"
        }
    }
}

/// A configured directory, for whoever looks: page, bus, command line.
package struct DirectoryStatus: Sendable {
    package enum State: Sendable, Equatable {
        case scanning
        /// All is as it was found, and whatever changes is noticed at once.
        case watching
        /// As `watching`, but not all of it can be watched: changes are found by walking again.
        case polling
        /// The directory is not there (yet), or its file system is not mounted.
        case missing
        /// The failure, in words.
        case failed(String)

        /// One word for a page, a terminal or the bus.
        package var word: String {
            switch self {
            case .scanning: "scanning"
            case .watching: "watching"
            case .polling: "polling"
            case .missing: "missing"
            case .failed: "failed"
            }
        }

        /// The words of all states.
        package static let words = ["scanning", "watching", "polling", "missing", "failed"]
    }

    /// Its number in the index; nil where nothing of it can be there.
    package var origin: OriginID?
    /// The drop-in's file name.
    package var dropIn: String
    package var path: String
    package var state: State
    /// Files that can be fetched.
    package var items: Int
    /// Their bytes.
    package var bytes: UInt64
    /// Files that wait for hashing, and their bytes.
    package var pendingFiles: Int
    package var pendingBytes: UInt64
    /// Since the start.
    package var hashedFiles: Int
    package var hashedBytes: UInt64
    /// Files and directories that could not be read in the last pass.
    package var unreadable: Int
    /// True if other machines are told of its files.
    package var isAdvertised = true
    /// The modification time of the newest firmware metadata in it (`firmware*.xml*`), or else of the newest file.
    package var newest: Timestamp?
    /// The name of that file.
    package var newestName = ""
    /// When the last sync from its source ended whole.
    package var lastSync: Timestamp?
    /// Bytes that are free on its file system, and all it has; nil where that is not known.
    package var freeBytes: UInt64?
    package var diskBytes: UInt64?
    /// When a file came, went or changed last.
    package var lastChange: Timestamp?
    /// Until what waits is hashed, at the rate so far; nil where nothing waits or the rate is not known yet.
    package var secondsLeft: Int?

    /// Unusual facts that are no trouble, a sentence each.
    package var notes: [String] = []

    package init(dropIn: String, path: String, state: State) {
        self.dropIn = dropIn
        self.path = path
        self.state = state
        items = 0
        bytes = 0
        pendingFiles = 0
        pendingBytes = 0
        hashedFiles = 0
        hashedBytes = 0
        unreadable = 0
    }

    /// 0–100: how much of the bytes found so far has been hashed or was known.
    package var percent: Int {
        // Another program's numbers, in the command: their sum may be past 64 bits.
        let whole = Double(bytes) + Double(pendingBytes)
        guard whole > 0, pendingFiles > 0 else { return state == .scanning ? 0 : 100 }
        return Int(Double(bytes) / whole * 100)
    }
}
