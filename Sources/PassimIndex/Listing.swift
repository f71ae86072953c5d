package import PassimCore

/// Which files somebody wants to see, and in which order.
package struct Listing: Sendable {
    /// Only files whose path contains it, whatever the case, or whose digest begins with it; empty: all.
    package var filter: String
    /// Only files of this one; nil: of all.
    package var origin: OriginID?
    package var order: ListingOrder
    /// From the last to the first; without an order it means nothing.
    package var isDescending: Bool
    /// How many bytes at the beginning of a published file's path belong to its name on disk only: they are
    /// neither searched nor ordered by.
    package var hiddenPrefix: @Sendable (UnsafeRawBufferPointer) -> Int

    package init(
        filter: String = "", origin: OriginID? = nil, order: ListingOrder = .none, isDescending: Bool = false,
        hiddenPrefix: @escaping @Sendable (UnsafeRawBufferPointer) -> Int = { _ in 0 }
    ) {
        self.filter = filter
        self.origin = origin
        self.order = order
        self.isDescending = isDescending
        self.hiddenPrefix = hiddenPrefix
    }

    /// True if paths must be known to tell which files belong where.
    var needsPaths: Bool { !filter.isEmpty || order == .name }
}
