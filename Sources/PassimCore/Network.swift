/// A range of addresses: `192.0.2.0/24`, `2001:db8::/32`, or one address. IPv4 ranges hold IPv4 addresses
/// only, IPv6 ranges IPv6 ones only: `::/0` is not everybody.
package struct Network: Hashable, Sendable {
    /// The first address of the range.
    package let first: IPAddress
    /// Bits, of the IPv6 form: `/24` of IPv4 is 120 here.
    private let prefix: Int

    /// - Parameter text: an address, or an address, `/` and a prefix length in decimal. Bits of the address
    ///   past the prefix do not count.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = IPAddress(parts[0]) else { return nil }
        // ::ffff:192.0.2.0/120 is an IPv4 range whose prefix was counted for IPv6.
        let short = address.isIPv4 && !parts[0].contains(":")
        let width = short ? 32 : 128
        var length = width
        if parts.count == 2 {
            guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
                let number = Int(parts[1]), number <= width
            else { return nil }
            length = number
        }
        prefix = short ? length + 96 : length
        first = Network.masked(address, prefix)
    }

    /// - Parameter length: bits, of 32 for an IPv4 address, else of 128; what is more or less counts as all or none.
    package init(_ address: IPAddress, prefixLength length: Int) {
        prefix = address.isIPv4 ? 96 + min(max(0, length), 32) : min(max(0, length), 128)
        first = Network.masked(address, prefix)
    }

    package func contains(_ address: IPAddress) -> Bool {
        address.isIPv4 == first.isIPv4 && Network.masked(address, prefix) == first
    }

    private static func masked(_ address: IPAddress, _ prefix: Int) -> IPAddress {
        // A shift by 64 gives 0, as it should.
        let high = UInt64.max << (64 - min(prefix, 64))
        let low = UInt64.max << (64 - max(prefix - 64, 0))
        return IPAddress(high: address.high & high, low: address.low & low)
    }
}

extension Network: CustomStringConvertible {
    package var description: String {
        if prefix == 128 { return first.description }
        return first.isIPv4 ? "\(first)/\(prefix - 96)" : "\(first)/\(prefix)"
    }
}
