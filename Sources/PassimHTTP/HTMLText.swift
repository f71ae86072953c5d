package import PassimCore

/// Text for HTML, safe both between tags and in a quoted attribute.
///
/// `& < > " '` become character references. Controls (C0, DEL, C1), noncharacters and bytes that are not
/// UTF-8 become U+FFFD: HTML has no way to write them, and a file name must not hide behind them.
package enum HTMLText {
    package static func append(_ text: UnsafeRawBufferPointer, to page: inout [UInt8]) {
        var position = 0
        var copied = 0
        func flush(_ page: inout [UInt8]) {
            page.append(contentsOf: text.part(copied..<position))
        }
        while position < text.count {
            let byte = text[position]
            var count = 1
            var replacement: StaticString?
            if byte < 0x80 {
                replacement = reference(byte)
            } else {
                switch UTF8Text.unit(of: text, at: position) {
                case .scalar(let scalar, let length):
                    count = length
                    if isUnwritable(scalar) { replacement = unknown }
                case .invalid(let length):
                    count = length
                    replacement = unknown
                }
            }
            if let replacement {
                flush(&page)
                append(literal: replacement, to: &page)
                copied = position + count
            }
            position += count
        }
        flush(&page)
    }

    package static func append(_ text: String, to page: inout [UInt8]) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0), to: &page) }
    }

    package static func append(_ name: RawName, to page: inout [UInt8]) {
        name.bytes.withUnsafeBytes { append($0, to: &page) }
    }

    /// For markup written in the source: nothing is escaped.
    package static func append(literal markup: StaticString, to page: inout [UInt8]) {
        page.append(contentsOf: UnsafeBufferPointer(start: markup.utf8Start, count: markup.utf8CodeUnitCount))
    }

    private static let unknown: StaticString = "\u{FFFD}"

    private static func reference(_ byte: UInt8) -> StaticString? {
        switch byte {
        case 0x26: "&amp;"
        case 0x3C: "&lt;"
        case 0x3E: "&gt;"
        case 0x22: "&quot;"
        case 0x27: "&#39;"
        default: ASCII.isControl(byte) ? unknown : nil
        }
    }

    private static func isUnwritable(_ scalar: UInt32) -> Bool {
        scalar < 0xA0 || scalar & 0xFFFE == 0xFFFE || 0xFDD0...0xFDEF ~= scalar
    }
}
