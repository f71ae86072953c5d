package import PassimCore

/// passim.conf, group `[daemon]`: the values in effect.
package struct DaemonConfiguration: Sendable, Equatable {
    /// 0: the kernel chooses one.
    package var port: UInt16 = 27500
    /// Port of HTTP without TLS; 0: none.
    package var httpPort: UInt16 = 0
    /// Sockets and records for IPv6 as well as IPv4.
    package var ipv6 = false
    /// Directory of published items, read and written; nil: `Paths.publishedItems`.
    package var path: String?
    /// Bytes of one published item; 0: nothing can be published.
    package var maxItemSize: UInt64 = 104_857_600
    /// Seconds before an address may have the same published item again; 0: at once.
    package var cooldown = 3600
    /// kg CO2e per GiB, at least 0.00001.
    package var carbonCost = 0.026367
    /// IP addresses, with a scope where they need one (`fe80::1%eth0`), and names of network interfaces;
    /// empty: all. Checked for their form only.
    package var listen: [String] = []
    /// Bytes per second over all downloads; 0: no limit.
    package var maxRate: UInt64 = 0
    /// 0: what the limit of descriptors allows.
    package var maxConnections = 0
    /// Per address, loopback excepted; 0: no limit.
    package var maxConnectionsPerAddress = 256
    package var logClients = LogClients.full
    /// Bytes of the audit log, after which it is rotated; 0: never.
    package var auditLogSize: UInt64 = 67_108_864
    /// Rotated audit logs that are kept.
    package var auditLogsKept = 4
    /// Readers of `/metrics` and `/healthz` besides loopback.
    package var metricsAllow: [Network] = []
    /// Readers of the page besides loopback.
    package var pageAllow: [Network] = []
    package var responder = Responder.auto
    /// An authority's certificate and its key, as they were written. Both or neither are set if they can be used.
    package var certificate: String?
    package var key: String?
    /// Networks whose peers are asked besides those that are private or on a link of this machine.
    package var peerNetworks: [Network] = []
    /// Asked for what is not here, before the network is.
    package var mirrors: [NamedMirror] = []
    /// False: nothing is asked nor told by mDNS.
    package var multicast = true

    /// The defaults.
    package init() {}
}
