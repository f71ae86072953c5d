internal import CLinux
internal import Glibc
package import PassimCore

/// The link-layer address that the kernel has for a neighbour (its neighbour table, ip-neighbour(8)). Does not wait:
/// nothing is asked on the network.
///
/// - Parameter interface: index of the interface whose link it is on.
/// - Returns: nil where it knows none: the address is our own, say.
package func linkLayerAddress(of address: IPAddress, on interface: UInt32) -> [UInt8]? {
    guard !address.isIPv4 else { return nil }
    var bytes = in6_addr()
    withUnsafeMutableBytes(of: &bytes) { buffer in
        buffer.storeBytes(of: address.high.bigEndian, as: UInt64.self)
        buffer.storeBytes(of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
    }
    return withUnsafeTemporaryAllocation(byteCount: 32, alignment: 1) { buffer in
        let link = buffer.baseAddress!.assumingMemoryBound(to: UInt8.self)
        let count = clinux_neighbour(&bytes, CInt(bitPattern: interface), link)
        return count > 0 ? [UInt8](buffer[..<Int(count)]) : nil
    }
}
