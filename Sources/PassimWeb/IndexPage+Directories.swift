internal import PassimCore

extension IndexPage {
    func writeDirectories(to main: inout HTMLWriter) {
        main.section("directories", "Directories") { section in
            if directories.isEmpty {
                section.element(
                    .p, text: "No directory is configured. Each has a drop-in, a file in /etc/passim.d.")
                return
            }
            section.table(
                caption: "Configured directories and how far their scan has come",
                columns: ["Directory", "Drop-in", "State", "Files", "Size", "Hashed", "Last change"]
            ) { body in
                for directory in directories { body.row(directory) }
            }
        }
    }
}

extension HTMLWriter {
    fileprivate mutating func row(_ directory: DirectoryStatus) {
        element(.tr, HTMLAttribute(.class, directory.isScanned ? "well" : "broken")) { row in
            row.headCell { $0.name(directory.path.isEmpty ? "–" : directory.path) }
            row.cell("Drop-in") { $0.name(directory.dropIn) }
            row.cell("State") { $0.text(directory.sentence) }
            row.number("Files", HumanText.count(directory.items))
            row.number("Size", HumanText.size(bytes: directory.bytes))
            row.cell("Hashed") { cell in
                // One that is not there has come nowhere.
                guard directory.isScanned else { return cell.text("–") }
                let percent = "\(directory.percent) %"
                cell.element(
                    .progress, HTMLAttribute(.max, "100"),
                    HTMLAttribute(.value, String(directory.percent)),
                    HTMLAttribute(.ariaLabel, "hashed"), text: percent)
                cell.text(percent)
            }
            row.cell("Last change") { cell in
                guard let time = directory.lastChange else { return cell.text("–") }
                cell.time(time.seconds)
            }
        }
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
            words += ", \(HumanText.count(pendingFiles)) to hash (\(HumanText.size(bytes: pendingBytes)))"
        }
        if let secondsLeft {
            words += ", about \(HumanText.duration(seconds: UInt64(clamping: secondsLeft))) left"
        }
        if unreadable > 0 { words += ", \(HumanText.count(unreadable)) unreadable" }
        return words
    }
}
