/// Times in nanoseconds.
package struct PublishLimits: Sendable {
    /// How long a publisher may hand over not a byte.
    package var idle: UInt64 = 30_000_000_000
    /// How long handing over may take altogether.
    package var whole: UInt64 = 600_000_000_000
    /// How late share counts are written at most, but for what writing takes.
    package var saveDelay: UInt64 = 500_000_000

    package init() {}

    /// How soon a publisher who stalls is left when the store is stopped.
    static let pollSlice: UInt64 = 250_000_000
    /// The store looks at the clock at least this often while an item has an age: the machine may have slept.
    static let longestWait: UInt64 = 60_000_000_000
    /// Between two tries to read or remove a file that cannot be, and to save counts.
    static let retryDelay: UInt64 = 10_000_000_000
    /// Bytes read at once.
    static let buffer = 1 << 18
}
