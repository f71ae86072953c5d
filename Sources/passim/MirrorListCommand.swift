internal import ArgumentParser
internal import PassimConfig
internal import PassimCore

struct MirrorListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Print the drop-ins, and what is wrong with them.",
        discussion: """
            Exit status: 2 if a directory is missing or a drop-in is in error, as with passim status; else 0, or 1 on \
            any failure.
            """)

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let paths = Paths(environment: Style.variable)
        let configuration = Configuration.read(
            systemConfigurationDirectory: paths.systemConfiguration)
        let rows = MirrorRow.rows(of: configuration)
        let output = Output()
        if json {
            var json = JSONWriter()
            json.array { json in
                for row in rows {
                    json.lineBreak()
                    json.row(row)
                }
                json.lineBreak()
            }
            try output.write(json.take() + [0x0A])
        } else {
            try output.write(MirrorListCommand.text(rows, Style()))
        }
        try output.flush()
        // Faults of passim.d itself; those of passim.conf are for passimd --check-config.
        for complaint in configuration.complaints where complaint.file == paths.dropInDirectory {
            Output.complain("\(complaint)")
        }
        if rows.contains(where: \.isFaulty) { throw ExitCode(StatusCommand.fault) }
    }

    private static func text(_ rows: [MirrorRow], _ style: Style) -> String {
        var table = Table([.left, .left, .left])
        if !rows.isEmpty { table.add("NAME", "DIRECTORY", "STATE", style: style.bold) }
        for row in rows {
            let colour = row.isFaulty ? style.bad : row.notes.isEmpty ? style.good : style.warning
            let state =
                row.isMissing ? "missing" : row.isFaulty ? "error" : row.notes.isEmpty ? "good" : "warning"
            table.add([
                Table.Cell(RawName(row.name).description),
                Table.Cell(row.directory.map { RawName($0).description } ?? "-"), Table.Cell(state, colour),
            ])
        }
        let notes = rows.flatMap(\.notes)
        return (table.lines + (notes.isEmpty ? [] : [""] + notes)).map { $0 + "\n" }.joined()
    }
}

/// A drop-in as it is listed.
struct MirrorRow {
    var name: String
    var file: String
    /// nil where it names none.
    var directory: String?
    /// Nothing of it can be shared now.
    var isFaulty: Bool
    /// There is no such directory now.
    var isMissing = false
    /// Its faults, each in one line.
    var notes: [String]

    /// Sorted by name.
    static func rows(of configuration: Configuration) -> [MirrorRow] {
        let complaints = Dictionary(grouping: configuration.complaints, by: \.file)
        let good = configuration.dropIns.map { dropIn in
            let missing = dropIn.examineDirectory()
            let warnings = complaints[dropIn.file] ?? []
            return MirrorRow(
                name: dropIn.name, file: dropIn.file, directory: dropIn.path, isFaulty: missing != nil,
                isMissing: missing != nil && dropIn.isMissing,
                notes: (warnings + [missing].compactMap { $0 }).map(\.description))
        }
        let bad = configuration.failures.map { failure in
            MirrorRow(
                name: failure.name, file: failure.file, directory: failure.path, isFaulty: true,
                notes: [failure.complaint.description])
        }
        return (good + bad).sorted { $0.name < $1.name }
    }
}

extension JSONWriter {
    fileprivate mutating func row(_ row: MirrorRow) {
        object { json in
            json.field("name", row.name)
            json.field("file", row.file)
            json.key("directory")
            if let directory = row.directory { json.value(directory) } else { json.null() }
            json.field("usable", !row.isFaulty)
            json.key("problems")
            json.array { json in
                for note in row.notes { json.value(note) }
            }
        }
    }
}
