/// When a peer is given up.
package struct DownloadLimits: Sendable {
    /// Milliseconds to connect in, TLS too: peers are near.
    package var connecting = 5_000
    /// Slower than `slowest` bytes/s over so many seconds is a stall.
    package var stall = 15
    package var slowest = 1024
    /// How often a peer is asked that breaks off after having sent something.
    package var tries = 4
    /// From this machine's daemon, which sends to a peer, and to nobody else's: a peer could lead anywhere.
    package var redirects = 1

    // MARK: Slow ones, while there are others

    /// Nanoseconds for which a peer's speed is measured before it is judged, again and again.
    package var patience: UInt64 = 5_000_000_000
    /// Seconds in which what is missing of a file ought to come. A peer that would take longer is left for the next
    /// one, and taken up again only where no other is faster.
    package var expected: UInt64 = 120
    /// Bytes/s that are enough, however large the file is: a board on a poor wireless link sends several times as many.
    package var enough: UInt64 = 262_144

    /// Bytes/s below which a peer is slow: never less than `slowest`.
    ///
    /// - Parameter missing: bytes that are still to come.
    func slowSpeed(missing: UInt64) -> UInt64 {
        max(UInt64(slowest), min(missing / max(1, expected), enough))
    }

    package init() {}
}
