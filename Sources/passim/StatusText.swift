internal import PassimBus
internal import PassimCore

/// What `passim status` prints of the daemon.
struct StatusText {
    let lines: [String]

    init(_ properties: BusProperties, _ style: Style) {
        var lines = StatusText.summary(properties, style)
        if let directories = properties.mirror?.directories {
            lines.append("")
            lines +=
                directories.isEmpty
                ? ["No directories are configured: see passim mirror add --help."]
                : StatusText.table(of: directories, style)
        }
        self.lines = lines
    }

    private static func summary(_ properties: BusProperties, _ style: Style) -> [String] {
        var table = Table([.left, .left])
        func add(_ name: String, _ value: String, _ colour: (String) -> String = { $0 }) {
            table.add([Table.Cell(name, style.bold), Table.Cell(value, colour)])
        }
        add("Status", properties.status.word, properties.status == .running ? style.good : style.warning)
        add("Daemon", "version \(RawName(properties.daemonVersion)), \(RawName(properties.uri))")
        add("Name", RawName(properties.name).description)
        let carbon = Double(Int64(properties.carbonSaving.clamped * 1000)) / 1000
        add("Saved", "\(ByteCount(properties.downloadSaving)), \(carbon) kg CO2e")
        if let mirror = properties.mirror {
            add("Files", "\(mirror.itemCount), \(ByteCount(mirror.totalBytes))")
            for trouble in mirror.troubles { add("Trouble", RawName(trouble).description, style.bad) }
        }
        return table.lines
    }

    private static func table(of directories: [DirectoryStatus], _ style: Style) -> [String] {
        var table = Table([.left, .left, .left, .right, .right, .left])
        table.add("DROP-IN", "DIRECTORY", "STATE", "FILES", "SIZE", "", style: style.bold)
        for directory in directories {
            let colour =
                directory.isFaulty ? style.bad : directory.state == .watching ? style.good : style.warning
            table.add([
                Table.Cell(RawName(directory.dropIn).description),
                Table.Cell(RawName(directory.path).description),
                Table.Cell(directory.state.word, colour), Table.Cell("\(directory.items)"),
                Table.Cell(ByteCount(directory.bytes).description), Table.Cell(note(on: directory)),
            ])
        }
        return table.lines
    }

    private static func note(on directory: DirectoryStatus) -> String {
        var notes: [String] = []
        switch directory.state {
        case .missing: notes.append("there is no such directory; it is shared when it appears")
        case .failed(let reason): notes.append(RawName(reason).description)
        case .scanning, .watching, .polling: break
        }
        if directory.pendingFiles > 0 {
            notes.append(
                "\(directory.percent)%, \(counted(directory.pendingFiles)) to hash (\(ByteCount(directory.pendingBytes)))"
            )
        }
        if let left = directory.secondsLeft { notes.append("\(TimeSpan(seconds: Int64(left))) left") }
        if directory.unreadable > 0 { notes.append("\(directory.unreadable) cannot be read") }
        return notes.joined(separator: ", ")
    }
}

extension Double {
    /// Of what anybody might send, a number that can be printed.
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
        guard let mirror = properties.mirror else { return }
        field("item_count", mirror.itemCount)
        field("total_bytes", mirror.totalBytes)
        key("troubles")
        array { json in for trouble in mirror.troubles { json.value(trouble) } }
        key("directories")
        array { json in
            for directory in mirror.directories {
                json.lineBreak()
                json.directory(directory)
            }
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
        }
    }
}
