/// When a peer is given up.
package struct DownloadLimits: Sendable {
    /// Milliseconds to connect in, TLS too: peers are near.
    package var connecting = 5_000
    /// Slower than `slowest` bytes/s over so many seconds is a stall.
    package var stall = 15
    package var slowest = 1024
    /// How often a peer is asked that breaks off after having sent something.
    package var tries = 4
    package var redirects = 8

    package init() {}
}
