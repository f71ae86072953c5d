/// The elements that our pages are made of.
package enum HTMLTag: String, Sendable {
    case html, head, title, meta, link, body, header, main, footer, section, nav, div
    case h1, h2, h3, p, a, bdi, span, small, strong, time, progress, code
    case dl, dt, dd, ul, ol, li, table, caption, thead, tbody, tr, th, td
    case form, label, input, select, option, button
    case details, summary
    case svg, symbol, use, path, rect

    /// True if it is a part of the text around it, where a line's end would be seen as a blank.
    var isInline: Bool {
        switch self {
        case .a, .bdi, .span, .small, .strong, .time, .progress, .code, .svg, .use, .path, .rect: true
        default: false
        }
    }
}

package enum HTMLAttributeName: String, Sendable {
    case lang, charset, name, content, rel, href, type, `class`, id, scope, datetime, title, value, max, min
    case method, action, `for`, selected, maxlength, download, open, role
    case d, viewBox, preserveAspectRatio, width, height
    case ariaCurrent = "aria-current"
    case ariaHidden = "aria-hidden"
    case ariaLabel = "aria-label"
    case ariaLabelledby = "aria-labelledby"
    case ariaSort = "aria-sort"
    /// A cell's column, if the table's head is not shown.
    case dataLabel = "data-label"
    /// What a cell's number counts, if the table's head is not shown.
    case dataUnit = "data-unit"
}

/// An attribute; its value is escaped when it is written.
package struct HTMLAttribute: Sendable {
    let name: HTMLAttributeName
    let value: String

    package init(_ name: HTMLAttributeName, _ value: String) {
        self.name = name
        self.value = value
    }
}
