/// How far an index goes; other values than the defaults are for tests.
package struct IndexLimits: Sendable {
    /// Files whose digests begin with the same byte: a multiple of 64, at most 2^24, which the numbers of
    /// entries have room for. More are refused.
    package var filesPerShard = 1 << 24
    /// A multiple of 64, less than 2^24. Files in more are refused.
    package var directories = 1 << 24 - 64
    /// Directories that nobody is known to need and that are kept for whoever still holds their ID.
    package var retiredDirectories = 4096
    /// Entries looked at, or names compared, before other writers get a turn.
    package var piece = 4096

    package init() {}
}
