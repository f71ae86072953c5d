package import PassimCore

/// What the audit log and the bus are to hear of.
package enum StoreEvent: Hashable, Sendable {
    case published(ItemDescription)
    /// Unpublished, expired, downloaded often enough, or found to be gone.
    case deleted(Digest, filename: RawName)
}
