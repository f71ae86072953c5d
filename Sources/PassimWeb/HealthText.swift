package import PassimCore

/// `/healthz`: one line that says it serves, then one for each thing that an administrator should look at.
///
/// The status code is 200 as long as the daemon answers: a mirror of which one disk is missing serves the
/// others, and taking it out of service would help nobody. Who wants to be told of the rest reads the lines,
/// or alerts on `passim_directory_state`.
package struct HealthText: Sendable {
    package var directories: [DirectoryStatus]
    /// Where it should listen and does not.
    package var missingPlaces: [String]

    package static let contentType = "text/plain; charset=utf-8"

    package init(directories: [DirectoryStatus], missingPlaces: [String] = []) {
        self.directories = directories
        self.missingPlaces = missingPlaces
    }

    package func render() -> [UInt8] {
        var lines = ["ok"]
        lines += missingPlaces.map { "not listening at \(RawName($0))" }
        for directory in directories {
            // As in a log: what is not text or ends a line is escaped.
            let name = RawName(directory.dropIn)
            switch directory.state {
            case .scanning, .watching, .polling: break
            case .missing: lines.append("\(name): \(RawName(directory.path)) is missing")
            case .failed(let reason): lines.append("\(name): \(RawName(reason))")
            }
        }
        return Array(lines.map { $0 + "\n" }.joined().utf8)
    }
}
