internal import PassimCore
internal import PassimSystem

/// How an item is shown.
enum ItemRow {
    static let alignments: [Table.Alignment] = [.left, .right, .right, .right, .left, .left]
    /// The same on all pages.
    static let widths = [Digest.hexCount, 8, 6, 8, 4, 0]

    static func heading(_ style: Style) -> [Table.Cell] {
        ["SHA-256", "SIZE", "SHARED", "ENDS IN", "FROM", "NAME"].map { Table.Cell($0, style.bold) }
    }

    /// - Parameter now: Unix seconds.
    static func cells(_ item: ItemDescription, now: Int64, _ style: Style) -> [Table.Cell] {
        [
            Table.Cell(item.digest.hex, style.dim), Table.Cell(ByteCount(item.size).description),
            Table.Cell(shares(item)), Table.Cell(end(item, now)),
            Table.Cell(item.origin.isEmpty ? "-" : item.origin), Table.Cell(name(item, withPublisher: true)),
        ]
    }

    static func name(_ item: ItemDescription, withPublisher: Bool) -> String {
        var name = item.filename.description
        if item.flags.contains(.nextReboot) {
            name += " (after the next boot)"
        } else if item.flags.contains(.disabled) {
            name += " (not served now)"
        }
        if withPublisher, !item.cmdline.isEmpty { name += " (by \(RawName(item.cmdline)))" }
        return name
    }

    static func shares(_ item: ItemDescription) -> String {
        let limit = item.lifetime.shareLimit
        return limit == 0 || limit == Lifetime.unlimited
            ? "\(item.shareCount)" : "\(item.shareCount)/\(limit)"
    }

    static func end(_ item: ItemDescription, _ now: Int64) -> String {
        let age = item.lifetime.maxAge
        if age == Lifetime.unlimited { return "-" }
        return TimeSpan(seconds: item.created &+ Int64(age) &- now).description
    }
}

extension JSONWriter {
    mutating func item(_ item: ItemDescription) {
        object { json in
            json.field("hash", item.digest.hex)
            json.field("filename", item.filename)
            json.field("size", item.size)
            json.field("cmdline", item.cmdline)
            json.field("ctime", item.created)
            json.field("drop_in", item.origin)
            let age = item.lifetime.maxAge
            json.field("max_age", age == Lifetime.unlimited ? nil : age)
            let limit = item.lifetime.shareLimit
            json.field("share_limit", limit == 0 || limit == Lifetime.unlimited ? nil : limit)
            json.field("share_count", item.shareCount)
            json.field("disabled", item.flags.contains(.disabled))
            json.field("next_reboot", item.flags.contains(.nextReboot))
        }
    }
}
