package import PassimConfig
package import PassimCore

extension LogClients {
    /// The text to record of a client: its address, its network with the prefix length behind it
    /// (`192.0.2.0/24`, `2001:db8:1::/48`), or nothing.
    package func text(of address: IPAddress) -> String {
        switch self {
        case .full: "\(address)"
        case .subnet where address.isIPv4: "\(IPAddress(high: 0, low: address.low & ~0xFF))/24"
        case .subnet: "\(IPAddress(high: address.high & ~0xFFFF, low: 0))/48"
        case .none: ""
        }
    }
}
