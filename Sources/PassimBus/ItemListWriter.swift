internal import PassimCore
internal import PassimGLib

/// Items as an `aa{sv}`, until the message would be longer than stock buses let through with some room.
struct ItemListWriter: ~Copyable {
    /// Items of GetItems.
    static let maximumItems = 100_000
    /// Items of ListItems.
    static let maximumPage: UInt32 = 10_000
    /// Bytes. The system bus has 32 MiB a message.
    static let maximumSize = 24 << 20

    /// Bytes that an item usually has: a longer one is made room for when it is there.
    static let usualItem = 300

    private var writer: DictionaryListWriter
    private let itemLimit: Int
    private let sizeLimit: Int

    init(itemLimit: Int = ItemListWriter.maximumItems, sizeLimit: Int = ItemListWriter.maximumSize) {
        writer = DictionaryListWriter(capacity: sizeLimit + 65536)
        self.itemLimit = itemLimit
        self.sizeLimit = sizeLimit
    }

    /// - Returns: false where it is full: then the item is not in it, and nothing that comes after it will be.
    mutating func add(_ item: ItemDescription) -> Bool {
        guard writer.count < itemLimit else { return false }
        writer.begin()
        writer.entry("hash", count: Digest.hexCount) { item.digest.writeHex(to: $0) }
        // Bytes of a file's name that are no UTF-8 become U+FFFD: D-Bus has nothing else for them.
        writer.entry("filename", String(decoding: item.filename.bytes, as: UTF8.self))
        if !item.cmdline.isEmpty { writer.entry("cmdline", item.cmdline) }
        if item.lifetime.maxAge != 0 { writer.entry("max-age", item.lifetime.maxAge) }
        if item.lifetime.shareLimit != 0 { writer.entry("share-limit", item.lifetime.shareLimit) }
        if item.shareCount != 0 { writer.entry("share-count", item.shareCount) }
        if item.size != 0 { writer.entry("size", item.size) }
        if !item.flags.isEmpty { writer.entry("flags", UInt64(item.flags.rawValue)) }
        if item.created != 0 { writer.entry("ctime", item.created) }
        // ListItems alone has it: GetItems is the stock daemon's.
        if !item.origin.isEmpty { writer.entry("drop-in", item.origin) }
        guard writer.size <= sizeLimit else {
            writer.abandon()
            return false
        }
        writer.end()
        return true
    }

    /// - Returns: nil if there was no memory for all of it.
    consuming func finish() -> MessageBody? {
        writer.finish()
    }

    /// With the number of all items behind it.
    consuming func finish(total: UInt64) -> MessageBody? {
        writer.finish(total)
    }
}
