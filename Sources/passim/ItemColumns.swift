internal import PassimCore
internal import PassimSystem

/// The listing on a terminal: one line an item, names first, as wide as the terminal and no wider.
///
/// Without enough room, the digest is cut to its first 12 digits, and then the name in its middle.
struct ItemColumns {
    let width: Int
    /// True if there is a column for the end, which only published files have.
    let hasLimits: Bool
    private let hasWholeDigest: Bool

    /// Columns of those besides the name, with the two spaces before each.
    private static let size = 10
    private static let shared = 8
    private static let until = 8
    private static let origin = 12
    private static let shortDigest = 12

    init(width: Int, hasLimits: Bool) {
        self.width = width
        self.hasLimits = hasLimits
        hasWholeDigest = width >= 40 + ItemColumns.others(hasLimits) + 2 + Digest.hexCount
    }

    private static func others(_ hasLimits: Bool) -> Int {
        size + shared + (hasLimits ? until : 0) + origin
    }

    private var nameWidth: Int {
        let digest = hasWholeDigest ? Digest.hexCount : ItemColumns.shortDigest
        return max(8, width - ItemColumns.others(hasLimits) - 2 - digest)
    }

    func heading(_ style: Style) -> String {
        line(
            name: "NAME", size: "SIZE", shared: "SHARED", until: "UNTIL", origin: "FROM", digest: "SHA-256",
            { style.bold($0) })
    }

    /// - Parameter now: Unix seconds.
    func line(_ item: ItemDescription, now: Int64, _ style: Style) -> String {
        line(
            name: ItemRow.name(item, withPublisher: false), size: ByteCount(item.size).description,
            shared: ItemRow.shares(item), until: ItemRow.end(item, now),
            origin: item.origin.isEmpty ? (item.cmdline.isEmpty ? "-" : item.cmdline) : item.origin,
            digest: hasWholeDigest
                ? item.digest.hex : String(item.digest.hex.prefix(ItemColumns.shortDigest)),
            { $0 })
    }

    private func line(
        name: String, size: String, shared: String, until: String, origin: String, digest: String,
        _ style: (String) -> String
    ) -> String {
        var line = ItemColumns.fitted(ItemColumns.withoutDigest(name), nameWidth, padded: true)
        line += "  " + ItemColumns.right(size, ItemColumns.size - 2)
        line += "  " + ItemColumns.right(shared, ItemColumns.shared - 2)
        if hasLimits { line += "  " + ItemColumns.right(until, ItemColumns.until - 2) }
        line += "  " + ItemColumns.fitted(origin, ItemColumns.origin - 2, padded: true)
        return style(line + "  " + digest)
    }

    /// A name with a digest in front of it, as the LVFS has them: eight digits are enough.
    static func withoutDigest(_ name: String) -> String {
        let digits = name.prefix { $0.isASCII && $0.isHexDigit }
        guard digits.count == 40 || digits.count == 64, name.dropFirst(digits.count).first == "-" else {
            return name
        }
        return digits.prefix(8) + "…" + name.dropFirst(digits.count)
    }

    /// Cut in the middle, where it is too wide.
    static func fitted(_ text: String, _ width: Int, padded: Bool) -> String {
        let shown = ForeignText.shown(text, in: .terminal, limit: 1024)
        let taken = columns(of: shown)
        if taken <= width { return padded ? shown + String(repeating: " ", count: width - taken) : shown }
        var (front, back) = (Array(shown.unicodeScalars), [Unicode.Scalar]())
        let half = front.count / 2
        back = Array(front[half...])
        front = Array(front[..<half])
        func joined(_ front: [Unicode.Scalar], _ back: [Unicode.Scalar]) -> String {
            var text = String.UnicodeScalarView(front)
            text.append("…")
            text.append(contentsOf: back)
            return String(text)
        }
        while columns(of: joined(front, back)) > width, !(front.isEmpty && back.isEmpty) {
            if front.count >= back.count { front.removeLast() } else { back.removeFirst() }
        }
        let cut = joined(front, back)
        return padded ? cut + String(repeating: " ", count: max(0, width - columns(of: cut))) : cut
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - columns(of: text))) + text
    }
}
