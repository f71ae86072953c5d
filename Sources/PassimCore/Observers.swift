/// A file that turned out not to hold what the index says. The server has dropped the entry already.
package protocol StaleEntryObserver: Sendable {
    /// Called on a serving thread: must not block.
    func foundStale(_ item: Item)
}

/// One complete share: a 200, or a 206 from byte 0, sent to its end.
package struct Share: Sendable {
    package var digest: Digest
    package var name: RawName
    /// Bytes of content sent.
    package var size: UInt64
    /// The client's address as text: no port, no scope, IPv4 unmapped.
    package var address: String

    package init(digest: Digest, name: RawName, size: UInt64, address: String) {
        self.digest = digest
        self.name = name
        self.size = size
        self.address = address
    }
}

package protocol ShareObserver: Sendable {
    /// Called on a serving thread when the last byte was sent: must not block.
    func shared(_ share: Share)
}
