internal import PassimCore

extension IndexPage {
    /// A section of its own, where there are any.
    func writeTroubles(to main: inout HTMLWriter) {
        guard let troubles = health?.troubles, !troubles.isEmpty else { return }
        main.section("troubles", "Troubles") { section in
            section.table(
                caption: "Troubles, the worst first, and what to do about them",
                columns: ["Trouble", "Severity", "What to do"]
            ) { body in
                for trouble in troubles { body.row(trouble) }
            }
        }
    }
}

extension HTMLWriter {
    fileprivate mutating func row(_ trouble: Trouble) {
        element(.tr, HTMLAttribute(.class, trouble.severity == .error ? "failing" : "well")) { row in
            row.headCell { $0.text(trouble.sentence) }
            row.cell("Severity") { $0.text(trouble.severity.rawValue) }
            row.cell("What to do") { cell in
                guard !trouble.command.isEmpty else { return cell.text("–") }
                cell.element(.code, HTMLAttribute(.class, "copied"), text: trouble.command)
            }
        }
    }
}
