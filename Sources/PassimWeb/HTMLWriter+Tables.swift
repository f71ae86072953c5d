internal import PassimCore
internal import PassimHTTP

extension HTMLWriter {
    mutating func table(caption: String, columns: [String], rows: (inout HTMLWriter) -> Void) {
        element(.table) { table in
            table.newline()
            table.element(.caption, text: caption)
            table.element(.thead) { head in
                head.element(.tr) { row in
                    for column in columns { row.element(.th, HTMLAttribute(.scope, "col"), text: column) }
                }
            }
            table.element(.tbody) { body in
                body.newline()
                rows(&body)
            }
        }
    }

    mutating func row(_ directory: DirectoryStatus) {
        element(.tr) { row in
            row.element(.th, HTMLAttribute(.scope, "row")) { $0.element(.bdi, text: directory.path) }
            row.element(.td) { $0.element(.bdi, text: directory.dropIn) }
            row.element(.td, text: directory.sentence)
            row.number(String(directory.items))
            row.number(HumanText.size(bytes: directory.bytes))
            row.element(.td) { cell in
                // One that is not there has come nowhere.
                guard directory.isScanned else { return cell.text("–") }
                let percent = "\(directory.percent) %"
                cell.element(
                    .progress, HTMLAttribute(.max, "100"),
                    HTMLAttribute(.value, String(directory.percent)),
                    HTMLAttribute(.ariaLabel, "hashed"), text: percent)
                cell.text(percent)
            }
            row.element(.td) { cell in
                guard let time = directory.lastChange else { return cell.text("–") }
                cell.time(time.seconds)
            }
        }
    }

    mutating func row(_ item: Item) {
        let entry = item.entry
        let digest = entry.digest.hex
        element(.tr) { row in
            row.element(.th, HTMLAttribute(.scope, "row")) { cell in
                // Whatever direction a name's letters have, it must not turn round what follows it.
                let name = String(decoding: PercentEncoding.encode(item.path.basename), as: UTF8.self)
                if entry.flags.contains(.disabled) {
                    cell.element(.bdi) { $0.text(item.path) }
                    cell.text(" (not served now)")
                } else {
                    cell.element(.a, HTMLAttribute(.href, "/\(name)?sha256=\(digest)")) { link in
                        link.element(.bdi) { $0.text(item.path) }
                    }
                }
            }
            row.number(HumanText.size(bytes: entry.identity.size))
            row.element(.td) { $0.time(entry.identity.modified.seconds) }
            row.element(.td, HTMLAttribute(.class, "digest"), text: digest)
        }
    }

    /// - Parameter seconds: since 1970.
    private mutating func time(_ seconds: Int64) {
        let time = CivilTime(unixSeconds: seconds)
        element(.time, HTMLAttribute(.datetime, HumanText.machineTime(time)), text: HumanText.time(time))
    }

    private mutating func number(_ text: String) {
        element(.td, HTMLAttribute(.class, "number"), text: text)
    }
}

extension DirectoryStatus {
    fileprivate var isScanned: Bool {
        switch state {
        case .scanning, .watching, .polling: true
        case .missing, .failed: false
        }
    }

    fileprivate var sentence: String {
        var words =
            switch state {
            case .scanning: "scanning, \(percent) %"
            case .watching: "watching"
            case .polling: "polling: not all of it can be watched"
            case .missing: "missing: the directory is not there, or its disk not mounted"
            case .failed(let reason): "failed: \(reason)"
            }
        if pendingFiles > 0 {
            words += ", \(pendingFiles) to hash (\(HumanText.size(bytes: pendingBytes)))"
        }
        if let secondsLeft { words += ", about \(HumanText.duration(seconds: UInt64(secondsLeft))) left" }
        if unreadable > 0 { words += ", \(unreadable) unreadable" }
        return words
    }
}
