internal import PassimHTTP

extension HTMLWriter {
    /// A part of the page with its heading, which names it.
    mutating func section(_ id: String, _ heading: String, content: (inout HTMLWriter) -> Void) {
        element(.section, HTMLAttribute(.ariaLabelledby, id)) { section in
            section.element(.h2, HTMLAttribute(.id, id), text: heading)
            content(&section)
        }
    }

    mutating func table(caption: String, columns: [String], rows: (inout HTMLWriter) -> Void) {
        table(caption: caption) { row in
            for column in columns { row.element(.th, HTMLAttribute(.scope, "col"), text: column) }
        } rows: {
            rows(&$0)
        }
    }

    /// - Parameter head: writes its cells.
    mutating func table(
        caption: String, head: (inout HTMLWriter) -> Void, rows: (inout HTMLWriter) -> Void
    ) {
        element(.table) { table in
            table.newline()
            table.element(.caption, text: caption)
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

    /// - Parameter label: the column's, for where its head is not shown.
    mutating func cell(_ label: String, content: (inout HTMLWriter) -> Void) {
        element(.td, HTMLAttribute(.dataLabel, label), content: content)
    }

    mutating func number(_ label: String, _ text: String) {
        element(.td, HTMLAttribute(.class, "number"), HTMLAttribute(.dataLabel, label), text: text)
    }

    /// A term and what is to say of it.
    mutating func entry(_ term: String, _ text: String) {
        entry(term) { $0.text(text) }
    }

    mutating func entry(_ term: String, content: (inout HTMLWriter) -> Void) {
        element(.dt, text: term)
        element(.dd, content: content)
    }

    mutating func link(_ href: String, _ text: String) {
        element(.a, HTMLAttribute(.href, href), text: text)
    }

    /// - Parameter seconds: since 1970.
    mutating func time(_ seconds: Int64) {
        let time = CivilTime(unixSeconds: seconds)
        element(.time, HTMLAttribute(.datetime, HumanText.machineTime(time)), text: HumanText.time(time))
    }
}
