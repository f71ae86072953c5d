/// One interface of this host and one version of IP: where mDNS is spoken, and what is said counts.
struct Link: Hashable, Sendable {
    /// if_nametoindex(3)
    var interface: UInt32
    var isIPv6: Bool
}
