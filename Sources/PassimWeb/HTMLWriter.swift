package import PassimCore
internal import PassimHTTP

/// Writes a page from its first byte to its last into one array. Markup comes from the enums beside it and
/// from nowhere else, and all text is escaped: there is no way to write a value as markup.
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

    /// A name that nobody of us has chosen: whatever direction its letters have, it does not turn round what
    /// is beside it.
    package mutating func name(_ name: RawName) {
        element(.bdi) { $0.text(name) }
    }

    package mutating func name(_ name: String) {
        element(.bdi, text: name)
    }

    /// An element that has no content and no end tag: `meta`, `link`, `input`.
    package mutating func void(_ tag: HTMLTag, _ attributes: HTMLAttribute...) {
        begin(tag, attributes)
        newline()
    }

    package mutating func text(_ text: String) {
        HTMLText.append(ForeignText.shown(text, in: .html), to: &bytes)
    }

    /// A file name, shown as far as it is UTF-8.
    package mutating func text(_ name: RawName) {
        text(String(decoding: name.bytes, as: UTF8.self))
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
            // A link or the path of a chart that is cut would be another one.
            HTMLText.append(ForeignText.shown(attribute.value, in: .html, limit: .max), to: &bytes)
            bytes.append(0x22)
        }
        bytes.append(0x3E)
    }

    private mutating func end(_ tag: HTMLTag) {
        HTMLText.append(literal: "</", to: &bytes)
        bytes.append(contentsOf: tag.rawValue.utf8)
        bytes.append(0x3E)
        if !tag.isInline { newline() }
    }
}
