package import PassimCore
internal import PassimHTTP

/// The page at `/`: is all well, what is shared, can others find it, what does it save, who uses it; then the files.
///
/// A pure function of its values. Names come from file names, drop-ins and the network: none is trusted.
package struct IndexPage: Sendable {
    package var hostName: String
    package var version: String
    /// Seconds since the start.
    package var uptime: UInt64
    /// When it is made, in Unix seconds.
    package var now: Int64
    package var health: Health
    package var savings = Savings()
    package var advertising = Advertising()
    /// Files and bytes that were published, which have no directory.
    package var published: (files: Int, bytes: UInt64) = (0, 0)
    package var usage = Usage()
    package var hour = Activity(samples: [], step: 1)
    package var day = Activity(samples: [], step: 1)
    /// Other machines that share; nil where nobody can be asked.
    package var neighbours: Neighbours?
    /// False: nobody is asked nor told by mDNS.
    package var isMulticast = true
    /// Those that the administrator has named.
    package var mirrors: [MirrorStatus] = []
    package var disks: [Disk] = []
    package var certificate: Certificate?
    /// Drop-ins whose directories are to have new content from time to time (`StaleAfter=`).
    package var watchedForAge: Set<String> = []
    /// This daemon's port.
    package var port: UInt16 = 27500
    /// True if other machines may read the page (`PageAllow=`).
    package var isOpen = false
    package var query = PageQuery()
    /// The files of the query's page.
    package var items: [ListedItem]
    /// How many files there are that are asked for, and how many at all.
    package var found: Int
    package var total: Int

    /// Downloads by others from here, not the internet.
    package struct Savings: Sendable {
        package var bytes: UInt64
        /// kg CO2e.
        package var carbon: Double

        package init(bytes: UInt64 = 0, carbon: Double = 0) {
            self.bytes = bytes
            self.carbon = carbon
        }
    }

    /// How other machines find this one.
    package struct Advertising: Sendable {
        /// The service's; empty while there is none.
        package var name: String
        /// How it goes, in words.
        package var state: String
        /// True if others can find what is registered.
        package var isFound: Bool

        package init(name: String = "", state: String = "", isFound: Bool = false) {
            self.name = name
            self.state = state
            self.isFound = isFound
        }
    }

    package struct Neighbours: Sendable {
        package var found: [Neighbour]
        /// True if all that are going to answer have.
        package var isComplete: Bool

        package init(found: [Neighbour], isComplete: Bool) {
            self.found = found
            self.isComplete = isComplete
        }
    }

    /// Room on a file system.
    package struct Disk: Sendable {
        package var path: String
        package var freeBytes: UInt64
        package var bytes: UInt64

        package init(path: String, freeBytes: UInt64, bytes: UInt64) {
            self.path = path
            self.freeBytes = freeBytes
            self.bytes = bytes
        }
    }

    package struct Certificate: Sendable {
        /// Unix seconds.
        package var end: Int64
        /// True if the daemon has made it, and makes another when it ends.
        package var isMade: Bool

        package init(end: Int64, isMade: Bool) {
            self.end = end
            self.isMade = isMade
        }
    }

    package init(
        hostName: String, version: String = passimVersion, uptime: UInt64, now: Int64, health: Health,
        items: [ListedItem], found: Int, total: Int
    ) {
        self.hostName = hostName
        self.version = version
        self.uptime = uptime
        self.now = now
        self.health = health
        self.items = items
        self.found = found
        self.total = total
    }

    var directories: [DirectoryStatus] { health.directories }

    /// True if nothing is configured, nor shared by anybody.
    var isEmpty: Bool { directories.isEmpty && total == 0 }

    package func render() -> [UInt8] {
        var frame = WebPage.Frame(title: title, hostName: hostName, version: version)
        frame.uptime = uptime
        frame.now = now
        frame.isOpen = isOpen
        frame.parts = query.isOverview ? parts : [("/", "Overview"), ("#files", "Files")]
        return WebPage.document(frame, capacity: 16384 + directories.count * 1024 + items.count * 640) {
            main in
            guard query.isOverview else {
                writeStrip(to: &main)
                return writeItems(to: &main, level: .h1)
            }
            writeSummary(to: &main)
            main.element(.div, HTMLAttribute(.class, hasWideDirectories ? "row" : "row two")) { row in
                if !directories.isEmpty || published.files > 0, !hasWideDirectories {
                    writeDirectories(to: &row)
                }
                writeChecks(to: &row)
                if isEmpty { writeItems(to: &row, level: .h2) }
                if hasWideDirectories { writeDirectories(to: &row) }
            }
            if hasUse {
                main.element(.div, HTMLAttribute(.class, "row three")) { writeUsage(to: &$0) }
            }
            main.element(.div, HTMLAttribute(.class, "more")) { more in
                if !isEmpty { writeInstructions(to: &more) }
                writeMirrors(to: &more)
                writeNeighbours(to: &more)
            }
            if !isEmpty { writeItems(to: &main, level: .h2) }
        }
    }

    /// True if there is anything to be seen in the charts.
    private var hasUse: Bool { usage.last != nil || day.sum != Activity.Sample() }

    /// Many directories have the whole width, below the checks.
    private var hasWideDirectories: Bool { directories.count > 6 }

    private var parts: [(href: String, name: String)] {
        if isEmpty { return [("#checks", "Checks"), ("#files", "Files")] }
        let activity: [(href: String, name: String)] = hasUse ? [(href: "#activity", name: "Activity")] : []
        return [("#directories", "Directories")] + activity + [("#use", "Use it"), ("#files", "Files")]
    }

    /// Begins with the verdict, as a browser's tabs are narrow.
    private var title: String {
        let verdict =
            switch health.verdict {
            case .ok: "✓ \(hostName)"
            case .warning, .error: "\(health.verdict == .error ? "✗" : "!") \(hostName): \(troubleCount)"
            case .scanning: "\(health.percent) % \(hostName)"
            case .empty: hostName
            }
        return query.search.isEmpty ? "\(verdict) – passim" : "\(query.search) – \(hostName) – passim"
    }
}
