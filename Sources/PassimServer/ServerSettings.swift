package import PassimCore
package import PassimSystem

/// A server's settings: given when it starts, and when the configuration is read again.
package struct ServerSettings: Sendable {
    /// Places to listen at; fixed for the life of a server.
    package var places: [Socket.Place]
    /// 0 takes a free one; fixed for the life of a server.
    package var port: UInt16
    /// Port of HTTP without TLS at the same places; nil: nowhere, 0 takes a free one. Fixed for the life of a server.
    package var plainPort: UInt16?
    /// Threads that serve, at least 1; fixed for the life of a server.
    package var reactors: Int
    /// Connections altogether. Past it the longest idle ones make room.
    package var maxConnections: Int
    /// Descriptors from this number on are not for connections, nor from the next on for files that are sent: the last
    /// ones are for whatever ends the process where it gets none. libdispatch does, when it cannot look at its own
    /// threads in /proc, and GLib, when it cannot make an eventfd.
    package var descriptorsForConnections = Int.max
    package var descriptorsForFiles = Int.max
    /// Connections of one client at a time: an IPv4 address, a machine on a link of ours, or an IPv6 network of 64 bits
    /// beyond. Loopback is exempt.
    package var maxConnectionsPerAddress: Int
    /// Bytes of content per second over all connections; 0 is no limit.
    package var maxRate: UInt64
    /// Names of this host that a browser may have asked for, besides localhost and loopback addresses.
    package var hostNames: [String]
    /// Networks that may read `/metrics` and `/healthz`, besides this host.
    package var metricsAllow: [Network]
    /// Networks that may read the pages, besides this host.
    package var pageAllow: [Network]
    package var timeLimits: TimeLimits

    package init(
        places: [Socket.Place] = [.every(v6: false)], port: UInt16 = 27500, plainPort: UInt16? = nil,
        reactors: Int = 2,
        maxConnections: Int = 512, maxConnectionsPerAddress: Int = 256, maxRate: UInt64 = 0,
        hostNames: [String] = [], metricsAllow: [Network] = [], pageAllow: [Network] = [],
        timeLimits: TimeLimits = TimeLimits()
    ) {
        self.places = places
        self.port = port
        self.plainPort = plainPort
        self.reactors = reactors
        self.maxConnections = maxConnections
        self.maxConnectionsPerAddress = maxConnectionsPerAddress
        self.maxRate = maxRate
        self.hostNames = hostNames
        self.metricsAllow = metricsAllow
        self.pageAllow = pageAllow
        self.timeLimits = timeLimits
    }
}

/// How long a client may take, in nanoseconds. Checked once a second.
package struct TimeLimits: Sendable {
    /// From the connection to the end of the TLS handshake.
    package var handshake: UInt64 = 10_000_000_000
    /// From the handshake, or from the first byte of a later head, to the end of a request's head.
    package var head: UInt64 = 10_000_000_000
    /// From the end of a response to the next request's first byte.
    package var idle: UInt64 = 60_000_000_000
    /// For a handshake or a head where somebody else waits for the place.
    package var contended: UInt64 = 1_000_000_000
    /// Over how long a reader's speed is measured.
    package var slowWindow: UInt64 = 60_000_000_000
    /// Bytes that a reader takes in each such time at least: 1 KiB/s.
    package var slowBytes: UInt64 = 60 * 1024
    /// Limits when there is no place for others: time before a reader's speed counts, and bytes a second below which
    /// it is slow.
    package var crowdedWindow: UInt64 = 10_000_000_000
    package var crowdedSpeed: UInt64 = 16 * 1024
    /// For the network to say who has a file: more than twice of what a look-up takes.
    package var lookup: UInt64 = 3_000_000_000
    /// For a file's first bytes to come from its disk: until then nothing has been answered.
    package var file: UInt64 = 5_000_000_000
    /// For a page to be made: one of a million files may be searched for on a busy machine.
    package var page: UInt64 = 30_000_000_000
    /// For the peer to end its side after ours, when it may still be sending what we refused.
    package var linger: UInt64 = 2_000_000_000

    package init() {}
}
