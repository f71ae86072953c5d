package import PassimCore

/// A pass over the files of an origin, from `beginPass` to `endPass`.
package struct PassID: Hashable, Sendable {
    package let origin: OriginID
    /// The value that the pass counter was set to.
    let number: UInt32
}
