internal import PassimCore

extension IndexPage {
    func writeDirectories(to row: inout HTMLWriter) {
        row.section("directories", "Directories") { section in
            section.table(
                "dirs stack", caption: "What is shared, and its state",
                columns: [
                    ("Directory", false), ("State", false), ("Files", true), ("Size", true),
                    ("Changed", false),
                ]
            ) { body in
                for directory in directories { body.row(directory, now: now) }
                guard published.files > 0 else { return }
                body.element(.tr) { row in
                    row.headCell { cell in
                        cell.text("Published files")
                        cell.element(.small, text: "by programs of this machine")
                    }
                    row.element(.td, text: "temporary")
                    row.number(
                        HumanText.count(published.files), unit: published.files == 1 ? "file" : "files")
                    row.number(ByteCount(published.bytes).description)
                    row.element(.td, HTMLAttribute(.class, "none"), text: HumanText.none)
                }
            }
        }
    }
}

extension HTMLWriter {
    fileprivate mutating func row(_ directory: DirectoryStatus, now: Int64) {
        element(.tr) { row in
            row.headCell { cell in
                cell.name(directory.path.isEmpty ? HumanText.none : directory.path)
                cell.element(.small) { $0.name(directory.dropIn) }
            }
            row.element(.td, HTMLAttribute(.class, directory.style)) { cell in
                cell.text(directory.state.word)
                for detail in directory.details { cell.element(.small, text: detail) }
                guard directory.isThere, directory.percent < 100 else { return }
                let percent = "\(directory.percent) %"
                cell.element(
                    .progress, HTMLAttribute(.max, "100"), HTMLAttribute(.value, "\(directory.percent)"),
                    HTMLAttribute(.ariaLabel, "hashed"), text: percent)
            }
            let isKnown = directory.isThere || directory.items > 0
            row.number(
                isKnown ? HumanText.count(directory.items) : HumanText.none,
                unit: directory.items == 1 ? "file" : "files")
            row.number(isKnown ? ByteCount(directory.bytes).description : HumanText.none)
            if let time = directory.lastChange {
                row.element(.td, HTMLAttribute(.class, "nowrap"), HTMLAttribute(.dataLabel, "changed")) {
                    $0.age(time.seconds, now: now)
                }
            } else {
                row.element(.td, HTMLAttribute(.class, "none"), text: HumanText.none)
            }
        }
    }
}

extension DirectoryStatus {
    /// The colour of its state.
    fileprivate var style: String {
        if !isThere { return "bad" }
        return unreadable > 0 || state == .polling ? "warn" : "plain"
    }

    /// What there is to say of the state, a line each.
    fileprivate var details: [String] {
        var details: [String] = []
        switch state {
        case .scanning, .watching: break
        case .polling: details.append("not all of it can be watched")
        case .missing: details.append("the directory is not there, or its disk not mounted")
        case .failed(let reason): details.append(reason)
        }
        if pendingFiles > 0 {
            let left =
                secondsLeft.map { ", about \(HumanText.span(seconds: UInt64(clamping: $0))) left" } ?? ""
            details.append("\(percent) % hashed\(left)")
            details.append(
                "\(HumanText.count(pendingFiles, "file")) to hash, \(ByteCount(pendingBytes))")
        }
        if unreadable > 0 { details.append("\(HumanText.count(unreadable)) unreadable") }
        return details + notes
    }
}
