/// How much of a client's address is written to logs: `LogClients=`.
package enum LogClients: String, CaseIterable, Sendable {
    /// The whole address.
    case full
    /// The first 24 bits of IPv4, the first 48 of IPv6, which is a site.
    case subnet
    case none
}
