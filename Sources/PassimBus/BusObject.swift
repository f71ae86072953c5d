package import PassimCore
package import PassimSystem

/// Stands behind the object on the bus.
package protocol BusObject: Sendable {
    /// Called on the bus's thread: must not block.
    var properties: BusProperties { get }

    // Everything else is called on threads of its own, several at a time, and may block.

    /// All items, published ones first, until `body` returns false.
    func forEachItem(_ body: (ItemDescription) -> Bool)
    /// A part of the listing, in the order of the index.
    ///
    /// - Parameter filter: part of a name or the beginning of a digest; empty: all.
    func items(offset: UInt64, limit: UInt32, filter: String) -> (items: [ItemDescription], total: UInt64)
    /// - Parameter content: read from its offset to its end.
    func publish(_ request: PublishRequest, content: borrowing Descriptor) throws(PublishError)
    /// - Parameter hash: as the caller wrote it.
    func unpublish(_ hash: String) throws(PublishError)
    /// Walks all directories again.
    func rescan()
    /// Root has hashed these files.
    func vouch(_ files: [Voucher])
    /// - Parameter user: who asks: what this user and root have reported is passed over.
    /// - Returns: URLs of the file at peers that confirmed that they have it, best first.
    func findPeers(_ digest: Digest, for user: UInt32) async -> [String]
    /// A peer served wrong bytes.
    ///
    /// - Parameter user: for whose look-ups that counts; root's word counts for all.
    /// - Returns: false where that is no URL of a peer.
    func reportPeer(_ url: String, _ digest: Digest, by user: UInt32) async -> Bool
}

/// The properties of both interfaces.
package struct BusProperties: Sendable {
    package var daemonVersion: String
    package var name: String
    package var uri: String
    package var status: DaemonStatus
    /// Bytes.
    package var downloadSaving: UInt64
    /// kg CO2e.
    package var carbonSaving: Double
    /// Properties of the interface Mirror; nil if the daemon is an older one, without it.
    package var mirror: Mirror?

    package struct Mirror: Sendable {
        package var itemCount: UInt64
        package var totalBytes: UInt64
        package var directories: [DirectoryStatus]
        /// Problems that somebody must act on, the worst first.
        package var troubles: [Trouble]
        /// Seconds since the start.
        package var uptime: UInt64 = 0
        /// Digests that other machines are to find, and those that they can.
        package var digestsWanted: UInt64 = 0
        package var digestsFound: UInt64 = 0
        /// Files' worth of bytes that were sent since the start, and bytes of files.
        package var downloads: UInt64 = 0
        package var sentBytes: UInt64 = 0
        /// True if the daemon tells of troubles; one that does not may have any.
        package var tellsTroubles = true

        package init(
            itemCount: UInt64, totalBytes: UInt64, directories: [DirectoryStatus], troubles: [Trouble] = []
        ) {
            self.itemCount = itemCount
            self.totalBytes = totalBytes
            self.directories = directories
            self.troubles = troubles
        }
    }

    package init(
        daemonVersion: String, name: String, uri: String, status: DaemonStatus, downloadSaving: UInt64,
        carbonSaving: Double, mirror: Mirror?
    ) {
        self.daemonVersion = daemonVersion
        self.name = name
        self.uri = uri
        self.status = status
        self.downloadSaving = downloadSaving
        self.carbonSaving = carbonSaving
        self.mirror = mirror
    }
}
