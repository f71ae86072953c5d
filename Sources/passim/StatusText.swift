internal import PassimBus
internal import PassimCore

/// Output of `passim status` about the daemon: the verdict, and no more lines than a terminal shows at a glance.
struct StatusText {
    private(set) var lines: [String] = []

    /// Lines at most, where not all is asked for.
    static let most = 15
    /// Troubles, and directories, that are shown at most.
    private static let mostOfAKind = 4

    private let style: Style
    /// nil: as many lines as there are.
    private var room: Int?
    /// Columns of a path at most; nil: as many as it has.
    private let pathWidth: Int?

    /// - Parameters:
    ///   - isWhole: all troubles and directories, on any number of lines.
    ///   - width: of the terminal; nil where it is none.
    ///   - now: Unix seconds.
    init(_ properties: BusProperties, _ style: Style, isWhole: Bool = false, width: Int? = nil, now: Int64) {
        self.style = style
        // The other columns take some sixty: state, files, size, change and drop-in.
        pathWidth = width.map { max(16, $0 - 60) }
        room = isWhole ? nil : StatusText.most
        guard let mirror = properties.mirror, mirror.tellsTroubles else {
            add(
                verdict: .warning,
                "passimd \(StatusText.shown(properties.daemonVersion)) is older than this command and does not tell "
                    + "whether all is well")
            addBlank()
            addSummary(StatusText.basics(properties))
            return
        }
        let health = Health(properties, mirror)
        add(verdict: health.verdict, health.headline)
        if health.verdict == .empty { add("       passim mirror add NAME DIRECTORY") }
        addBlank()
        let summary = StatusText.summary(properties, mirror, now)
        if !health.troubles.isEmpty {
            add(troubles: health.troubles, now)
            addBlank()
        }
        addSummary(summary)
        add(directories: mirror.directories, now)
    }

    // MARK: - Lines

    private mutating func add(_ line: String) {
        if let left = room {
            guard left > 0 else { return }
            room = left - 1
        }
        lines.append(line)
    }

    private mutating func addBlank() { add("") }

    private mutating func add(verdict: Health.Verdict, _ headline: String) {
        let colour: (String) -> String =
            switch verdict {
            case .ok: style.good
            case .error: style.bad
            case .warning, .scanning, .empty: style.warning
            }
        add("\(style.bold(colour(verdict.word))): \(StatusText.shown(headline))")
    }

    /// Two lines each: what and why, and what to do.
    private mutating func add(troubles: [Trouble], _ now: Int64) {
        let shown = room == nil ? troubles.count : min(troubles.count, StatusText.mostOfAKind)
        for trouble in troubles.prefix(shown) {
            let colour = trouble.severity == .error ? style.bad : style.warning
            let word = trouble.severity.rawValue
            let age = trouble.since.map { now &- $0 } ?? 0
            let lasting = age >= 120 ? " (for \(TimeSpan(seconds: age)))" : ""
            let pad = String(repeating: " ", count: 9 - word.utf8.count)
            add(colour(word) + pad + StatusText.shown(trouble.sentence) + lasting)
            if !trouble.command.isEmpty { add("         " + StatusText.shown(trouble.command)) }
        }
        let more = troubles.count - shown
        if more > 0 { add("         and \(more) more: passim status --all") }
    }

    private mutating func addSummary(_ rows: [(String, String)]) {
        var table = Table([.left, .left])
        for (name, value) in rows { table.add([Table.Cell(name, style.bold), Table.Cell(value)]) }
        for line in table.lines { add(line) }
    }

    private mutating func add(directories: [DirectoryStatus], _ now: Int64) {
        // With its heading and an empty line before.
        guard !directories.isEmpty, room.map({ $0 >= 3 }) ?? true else { return }
        let places = room.map { min($0 - 2, StatusText.mostOfAKind + 1) } ?? directories.count
        let shown = directories.count <= places ? directories.count : places - 1
        // Directories that need attention, then the largest.
        let chosen = Set(
            directories.indices.sorted { one, other in
                let (one, other) = (directories[one], directories[other])
                if one.isFaulty != other.isFaulty { return one.isFaulty }
                return one.bytes > other.bytes
            }.prefix(shown))
        var table = Table([.left, .left, .right, .right, .left, .left])
        table.add("DIRECTORY", "STATE", "FILES", "SIZE", "CHANGED", "DROP-IN", style: style.bold)
        for index in directories.indices where chosen.contains(index) {
            table.add(row(directories[index], now))
        }
        addBlank()
        for line in table.lines { add(line) }
        let more = directories.count - shown
        if more > 0 { add("and \(more) more: passim status --all") }
        for index in directories.indices where chosen.contains(index) {
            for note in directories[index].notes {
                add("\(path(directories[index])): \(StatusText.shown(note))")
            }
        }
    }

    private func row(_ directory: DirectoryStatus, _ now: Int64) -> [Table.Cell] {
        let colour =
            directory.isFaulty ? style.bad : directory.state == .watching ? style.good : style.warning
        let state = directory.state == .scanning ? "hashing \(directory.percent) %" : directory.state.word
        let changed = directory.lastChange.map { "\(TimeSpan(seconds: now &- $0.seconds)) ago" } ?? "-"
        return [
            Table.Cell(path(directory)),
            Table.Cell(state, colour),
            Table.Cell("\(directory.items)"), Table.Cell(ByteCount(directory.bytes).description),
            Table.Cell(changed), Table.Cell(RawName(directory.dropIn).description),
        ]
    }

    private func path(_ directory: DirectoryStatus) -> String {
        let path = directory.path.isEmpty ? "-" : RawName(directory.path).description
        return pathWidth.map { ItemColumns.fitted(path, $0, padded: false) } ?? path
    }

    // MARK: - The summary

    private static func basics(_ properties: BusProperties) -> [(String, String)] {
        let carbon = Double(Int64(properties.carbonSaving.clamped * 1000)) / 1000
        return [
            ("Daemon", "passimd \(shown(properties.daemonVersion)), \(shown(properties.uri))"),
            ("Found", properties.name.isEmpty ? "not yet" : "as \(shown(properties.name))"),
            ("Saved", "\(ByteCount(properties.downloadSaving)) of internet traffic, \(carbon) kg CO2e"),
        ]
    }

    private static func summary(
        _ properties: BusProperties, _ mirror: BusProperties.Mirror, _ now: Int64
    ) -> [(String, String)] {
        var rows = basics(properties)
        rows[0].1 =
            "passimd \(shown(properties.daemonVersion)), running for "
            + "\(TimeSpan(seconds: Int64(clamping: mirror.uptime))), \(shown(properties.uri))"
        let name = properties.name.isEmpty ? "" : ", as \(shown(properties.name))"
        rows[1].1 = "\(mirror.digestsFound) of \(mirror.digestsWanted) digests\(name)"
        rows.insert(("Shared", "\(mirror.itemCount) files, \(ByteCount(mirror.totalBytes))"), at: 1)
        rows.insert(
            ("Clients", "\(mirror.downloads) downloads, \(ByteCount(mirror.sentBytes)) since the start"),
            at: 3)
        let newest = mirror.directories.filter { isMetadata($0.newestName) }
            .max { $0.newest?.seconds ?? 0 < $1.newest?.seconds ?? 0 }
        if let newest, let time = newest.newest {
            rows.append(
                ("Metadata", "\(shown(newest.newestName)), \(TimeSpan(seconds: now &- time.seconds)) old"))
        }
        // The one with the least room.
        let disk = mirror.directories.filter { $0.diskBytes ?? 0 > 0 }
            .min {
                Double($0.freeBytes ?? 0) / Double($0.diskBytes!) < Double($1.freeBytes ?? 0)
                    / Double($1.diskBytes!)
            }
        if let disk, let free = disk.freeBytes, let all = disk.diskBytes {
            rows.append(("Disk", "\(shown(disk.path)): \(ByteCount(free)) free of \(ByteCount(all))"))
        }
        return rows
    }

    private static func isMetadata(_ name: String) -> Bool {
        name.hasPrefix("firmware") && name.contains(".xml")
    }

    /// Others' text, printable.
    private static func shown(_ text: String) -> String {
        ForeignText.shown(text, in: .terminal, limit: 1024)
    }
}

extension Health {
    init(_ properties: BusProperties, _ mirror: BusProperties.Mirror) {
        self.init(
            status: properties.status, troubles: mirror.troubles, directories: mirror.directories,
            files: mirror.itemCount, wanted: mirror.digestsWanted, found: mirror.digestsFound)
    }
}

extension DirectoryStatus {
    /// Nothing of it can be shared now.
    var isFaulty: Bool {
        switch state {
        case .missing, .failed: true
        case .scanning, .watching, .polling: false
        }
    }
}

extension Double {
    /// A printable number, whatever anybody might send.
    fileprivate var clamped: Double { isFinite ? max(0, min(self, 1e15)) : 0 }
}

extension JSONWriter {
    mutating func properties(_ properties: BusProperties) {
        field("client_version", passimVersion)
        field("daemon_version", properties.daemonVersion)
        field("name", properties.name)
        field("uri", properties.uri)
        field("status", properties.status.rawValue)
        field("status_text", properties.status.word)
        field("download_saving", properties.downloadSaving)
        field("carbon_saving", properties.carbonSaving)
        guard let mirror = properties.mirror else { return field("verdict", "warning") }
        let health = Health(properties, mirror)
        field("verdict", mirror.tellsTroubles ? health.verdict.rawValue : "warning")
        field("headline", health.headline)
        field("uptime", mirror.uptime)
        field("item_count", mirror.itemCount)
        field("total_bytes", mirror.totalBytes)
        field("digests_wanted", mirror.digestsWanted)
        field("digests_found", mirror.digestsFound)
        field("downloads", mirror.downloads)
        field("sent_bytes", mirror.sentBytes)
        key("problems")
        array { json in
            for trouble in health.troubles {
                json.lineBreak()
                json.trouble(trouble)
            }
        }
        key("troubles")
        array { json in for trouble in health.troubles { json.value(trouble.sentence) } }
        key("directories")
        array { json in
            for directory in mirror.directories {
                json.lineBreak()
                json.directory(directory)
            }
        }
    }

    private mutating func trouble(_ trouble: Trouble) {
        object { json in
            json.field("severity", trouble.severity.rawValue)
            json.field("kind", trouble.kind.rawValue)
            json.field("subject", trouble.subject)
            json.field("what", trouble.what)
            json.field("why", trouble.why)
            json.field("do", trouble.command)
            json.field("since", trouble.since)
        }
    }

    private mutating func directory(_ directory: DirectoryStatus) {
        object { json in
            json.field("drop_in", directory.dropIn)
            json.field("path", directory.path)
            json.field("state", directory.state.word)
            if case .failed(let reason) = directory.state { json.field("error", reason) }
            json.field("items", directory.items)
            json.field("bytes", directory.bytes)
            json.field("percent", directory.percent)
            json.field("pending_files", directory.pendingFiles)
            json.field("pending_bytes", directory.pendingBytes)
            json.field("hashed_files", directory.hashedFiles)
            json.field("hashed_bytes", directory.hashedBytes)
            json.field("unreadable", directory.unreadable)
            json.field("last_change", directory.lastChange?.seconds)
            json.field("seconds_left", directory.secondsLeft)
            json.field("newest", directory.newest?.seconds)
            json.field("last_sync", directory.lastSync?.seconds)
            json.field("free_bytes", directory.freeBytes)
            json.field("disk_bytes", directory.diskBytes)
        }
    }
}
