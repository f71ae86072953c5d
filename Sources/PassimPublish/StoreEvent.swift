package import PassimCore

/// An event for the audit log and the bus.
package enum StoreEvent: Hashable, Sendable {
    case published(ItemDescription)
    /// Unpublished, expired, downloaded often enough, or found to be gone.
    case deleted(Digest, filename: RawName)
}
