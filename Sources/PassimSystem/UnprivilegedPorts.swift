/// The first port that programs other than root's may listen at: the sysctl net.ipv4.ip_unprivileged_port_start, or
/// 1024 (ip(7)) where it cannot be read. Ports of IPv6 follow it, too.
package func unprivilegedPortStart() -> UInt16 {
    guard let bytes = try? readFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", limit: 64),
        let text = String(validating: bytes, as: UTF8.self),
        let port = UInt32(text.prefix { $0.isASCII && $0.isNumber })
    else { return 1024 }
    return UInt16(clamping: port)
}
