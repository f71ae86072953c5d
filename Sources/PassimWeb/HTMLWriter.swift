package import PassimCore
internal import PassimHTTP

/// The elements that our pages are made of.
package enum HTMLTag: String, Sendable {
    case html, head, title, meta, link, body, header, main, footer, section
    case h1, h2, p, a, bdi, time, progress
    case dl, dt, dd, table, caption, thead, tbody, tr, th, td
}

package enum HTMLAttributeName: String, Sendable {
    case lang, charset, name, content, rel, href, type, `class`, id, scope, datetime, value, max
    case ariaLabel = "aria-label"
    case ariaLabelledby = "aria-labelledby"
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

/// Writes a page from its first byte to its last into one array. Markup comes from the enums above and from
/// nowhere else, and all text is escaped: there is no way to write a value as markup.
package struct HTMLWriter {
    package private(set) var bytes: [UInt8]

    /// Begins an HTML5 document.
    ///
    /// - Parameter capacity: about how many bytes the page will have.
    package init(capacity: Int) {
        bytes = []
        bytes.reserveCapacity(capacity)
        HTMLText.append(literal: "<!DOCTYPE html>\n", to: &bytes)
    }

    /// An element with its end tag.
    package mutating func element(
        _ tag: HTMLTag, _ attributes: HTMLAttribute..., content: (inout HTMLWriter) -> Void
    ) {
        begin(tag, attributes)
        content(&self)
        end(tag)
    }

    package mutating func element(_ tag: HTMLTag, _ attributes: HTMLAttribute..., text: String) {
        begin(tag, attributes)
        self.text(text)
        end(tag)
    }

    /// An element that has no content and no end tag: `meta`, `link`.
    package mutating func void(_ tag: HTMLTag, _ attributes: HTMLAttribute...) {
        begin(tag, attributes)
        newline()
    }

    package mutating func text(_ text: String) {
        HTMLText.append(text, to: &bytes)
    }

    /// A file name, shown as far as it is UTF-8.
    package mutating func text(_ name: RawName) {
        HTMLText.append(name, to: &bytes)
    }

    /// For whoever reads the source.
    package mutating func newline() {
        bytes.append(0x0A)
    }

    private mutating func begin(_ tag: HTMLTag, _ attributes: [HTMLAttribute]) {
        bytes.append(0x3C)
        bytes.append(contentsOf: tag.rawValue.utf8)
        for attribute in attributes {
            bytes.append(0x20)
            bytes.append(contentsOf: attribute.name.rawValue.utf8)
            HTMLText.append(literal: "=\"", to: &bytes)
            HTMLText.append(attribute.value, to: &bytes)
            bytes.append(0x22)
        }
        bytes.append(0x3E)
    }

    private mutating func end(_ tag: HTMLTag) {
        HTMLText.append(literal: "</", to: &bytes)
        bytes.append(contentsOf: tag.rawValue.utf8)
        HTMLText.append(literal: ">\n", to: &bytes)
    }
}
