internal import PassimHTTP

extension HTMLWriter {
    /// A part of the page with its heading, which names it.
    ///
    /// - Parameter note: stands behind the heading, in small letters.
    mutating func section(
        _ id: String, _ heading: String, level: HTMLTag = .h2, note: String = "",
        content: (inout HTMLWriter) -> Void
    ) {
        element(.section, HTMLAttribute(.ariaLabelledby, id)) { section in
            section.newline()
            section.element(.div, HTMLAttribute(.class, "head")) { head in
                head.element(level, HTMLAttribute(.id, id), text: heading)
                if !note.isEmpty { head.element(.small, text: note) }
            }
            content(&section)
        }
    }

    /// - Parameter columns: those of numbers stand on the right.
    mutating func table(
        _ style: String, caption: String, columns: [(title: String, isNumber: Bool)],
        rows: (inout HTMLWriter) -> Void
    ) {
        table(style, caption: caption) { row in
            for column in columns {
                if column.isNumber {
                    row.element(
                        .th, HTMLAttribute(.scope, "col"), HTMLAttribute(.class, "n"), text: column.title)
                } else {
                    row.element(.th, HTMLAttribute(.scope, "col"), text: column.title)
                }
            }
        } rows: {
            rows(&$0)
        }
    }

    /// - Parameter head: writes its cells.
    mutating func table(
        _ style: String, caption: String, head: (inout HTMLWriter) -> Void,
        rows: (inout HTMLWriter) -> Void
    ) {
        element(.table, HTMLAttribute(.class, style)) { table in
            table.newline()
            table.element(.caption, HTMLAttribute(.class, "unseen"), text: caption)
            table.element(.thead) { $0.element(.tr) { head(&$0) } }
            table.element(.tbody) { body in
                body.newline()
                rows(&body)
            }
        }
    }

    /// The cell that names its row.
    mutating func headCell(_ content: (inout HTMLWriter) -> Void) {
        element(.th, HTMLAttribute(.scope, "row"), content: content)
    }

    /// - Parameter label: what the cell is, for where the table's head is not shown.
    mutating func cell(_ label: String, content: (inout HTMLWriter) -> Void) {
        element(.td, HTMLAttribute(.dataLabel, label), content: content)
    }

    mutating func number(_ text: String, unit: String = "") {
        let isNone = text == HumanText.none
        let attribute = HTMLAttribute(.class, isNone ? "n none" : "n")
        if unit.isEmpty {
            element(.td, attribute, text: text)
        } else {
            element(.td, attribute, HTMLAttribute(.dataUnit, unit), text: text)
        }
    }

    mutating func link(_ href: String, _ text: String) {
        element(.a, HTMLAttribute(.href, href), text: text)
    }

    /// A command; one click marks all of it.
    mutating func command(_ text: String) {
        element(.code, HTMLAttribute(.class, "cmd"), text: text)
        newline()
    }

    /// Numbers that are to be seen first.
    mutating func figures(_ list: (inout HTMLWriter) -> Void) {
        element(.dl, HTMLAttribute(.class, "figures")) { figures in
            figures.newline()
            list(&figures)
        }
    }

    /// - Parameter number: the number, or a word.
    /// - Parameter unit: stands behind it in smaller letters.
    mutating func figure(_ term: String, _ number: String, unit: String = "", _ note: String) {
        element(.div) { entry in
            entry.element(.dt, text: term)
            entry.element(.dd) { value in
                value.element(.strong) { strong in
                    strong.text(number)
                    guard !unit.isEmpty else { return }
                    strong.text(" ")
                    strong.element(.span, text: unit)
                }
                value.text(note)
            }
        }
    }

    /// A moment as the calendar has it.
    ///
    /// - Parameter seconds: since 1970.
    mutating func time(_ seconds: Int64) {
        let time = CivilTime(unixSeconds: seconds)
        element(.time, HTMLAttribute(.datetime, HumanText.machineTime(time)), text: HumanText.time(time))
    }

    /// A moment by its distance from now.
    ///
    /// - Parameter seconds: since 1970, as `now` is.
    mutating func age(_ seconds: Int64, now: Int64) {
        let time = CivilTime(unixSeconds: seconds)
        element(
            .time, HTMLAttribute(.datetime, HumanText.machineTime(time)),
            HTMLAttribute(.title, "\(HumanText.time(time)) UTC"), text: HumanText.ago(seconds, now: now))
    }
}
