/// A source of files: one configured directory, or the store of published items. Numbers are given out while
/// the daemon runs, never used twice, and mean nothing to the next run.
package struct OriginID: Hashable, Sendable {
    package let number: UInt32

    package init(_ number: UInt32) {
        self.number = number
    }

    /// The store of published items. Directories are numbered from 1.
    package static let published = OriginID(0)
}
