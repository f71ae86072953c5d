/// Who counts the downloads of whole files. Called on serving threads: must not block.
///
/// Each `begin` that is allowed is followed by one `complete` or one `giveBack`.
package protocol ShareObserver: Sendable {
    /// Whether anybody may have the file now: not where it has expired, or all its remaining shares are being
    /// sent.
    func isAvailable(_ entry: Entry) -> Bool
    /// The whole file begins to be sent.
    ///
    /// - Returns: false where it is not available any more.
    func begin(_ entry: Entry) -> Bool
    /// It was cut off: it does not count.
    func giveBack(_ entry: Entry)
    /// The kernel has taken its last byte.
    func complete(_ share: Share)
}

/// One whole download.
package struct Share: Hashable, Sendable {
    package var entry: Entry
    /// The basename, as it was sent.
    package var filename: RawName
    /// Of the client.
    package var address: IPAddress
    /// That were sent.
    package var bytes: UInt64

    package init(entry: Entry, filename: RawName, address: IPAddress, bytes: UInt64) {
        self.entry = entry
        self.filename = filename
        self.address = address
        self.bytes = bytes
    }
}
