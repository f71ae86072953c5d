internal import PassimCore

/// What was done, from the beginning.
struct SoakCounts: Sendable {
    /// Changes of the mirror.
    var changes = 0
    var disturbances: [Disturbance: Int] = [:]
    /// By name.
    var attacks: [String: Int] = [:]
    /// Of a file that is there all the time, for a client of the mirror's own host, in seconds.
    var longestWait = 0.0

    /// Whole files whose bytes were right.
    var downloads = 0
    /// Parts whose bytes were right.
    var ranges = 0
    /// By the client.
    var brokenOff = 0
    /// By the daemon, as the file had changed.
    var cutOff = 0
    /// What was not there, or not any more.
    var unknown = 0
    var bareConnections = 0

    var published = 0
    var withdrawn = 0
    var usedUp = 0
    /// Whose time was over.
    var aged = 0
    var refused = 0

    var lookups = 0
    var found = 0
    var nobody = 0
    /// What is there all the time and was not found: while avahi-daemon or the bus are away.
    var missed = 0
    /// Of an answer to a look-up, in seconds.
    var longestLookup = 0.0

    /// Downloads that the audit log must have, by the client's address; and those that it may have besides.
    var shares: [String: Int] = [:]
    var possibleShares: [String: Int] = [:]

    mutating func addDownloads(_ count: Int = 1, from address: String) {
        downloads += count
        shares[address, default: 0] += count
    }
}
