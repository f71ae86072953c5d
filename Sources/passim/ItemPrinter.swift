internal import PassimBus
internal import PassimCore
internal import PassimSystem

/// Prints items, page after page.
struct ItemPrinter {
    let client: BusClient
    let selection: ItemSelection
    /// Holds if the user gave none.
    var limit = UInt64.max

    /// - Parameter width: of the terminal; nil where it is none, or nothing is to be shortened.
    func printText(
        to output: Output, _ style: Style, width: Int? = StandardStream.output.columns
    ) throws {
        let now = wallClock().seconds
        var isFirst = true
        var end = selection.offset
        var total: UInt64 = 0
        try selection.forEachPage(of: client, limit: limit) { items, count in
            if let width {
                // All pages alike: published files come where their names do.
                let columns = ItemColumns(width: width, hasLimits: width >= 100)
                if isFirst, !items.isEmpty { try output.line(columns.heading(style)) }
                for item in items { try output.line(columns.line(item, now: now, style)) }
            } else {
                var table = Table(ItemRow.alignments, least: ItemRow.widths)
                if isFirst, !items.isEmpty { table.add(ItemRow.heading(style)) }
                for item in items { table.add(ItemRow.cells(item, now: now, style)) }
                for line in table.lines { try output.line(line) }
            }
            isFirst = false
            end += UInt64(items.count)
            total = count
        }
        if total == 0 {
            try output.line(selection.filter.isEmpty ? "No items." : "No items match \(selection.filter).")
        } else if end == selection.offset {
            try output.line("No items there: \(total) in all.")
        } else if selection.offset > 0 || end < total {
            try output.line(style.dim("Items \(selection.offset + 1) to \(end) of \(total)."))
        }
    }

    /// The fields `total`, `offset` and `items`, within an object.
    func write(_ json: inout JSONWriter, to output: Output) throws {
        var isFirst = true
        try selection.forEachPage(of: client, limit: limit) { items, total in
            if isFirst {
                json.field("total", total)
                json.field("offset", selection.offset)
                json.key("items")
                json.beginArray()
            }
            isFirst = false
            for item in items {
                json.lineBreak()
                json.item(item)
            }
            try output.write(json.take())
        }
        json.lineBreak()
        json.end()
    }
}
