internal import PassimCore

extension [ItemDescription] {
    /// As ListItems, of a daemon that has none.
    func page(
        offset: UInt64, limit: UInt32, filter: String
    ) -> (items: [ItemDescription], total: UInt64) {
        let part = [UInt8](filter.utf8)
        let prefix = filter.lowercased()
        let found =
            part.isEmpty
            ? self : self.filter { $0.filename.bytes.contains(part) || $0.digest.hex.hasPrefix(prefix) }
        let start = Swift.min(offset, UInt64(found.count))
        return ([ItemDescription](found[Int(start)...].prefix(Int(limit))), UInt64(found.count))
    }
}
