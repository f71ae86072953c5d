internal import Glibc
package import PassimCore

/// Where a client is sent for a digest: `https://ADDR:PORT/NAME?sha256=DIGEST` (protocol.md, HTTPS, row 11).
package enum Redirect {
    /// No file system has longer names; a longer path is somebody's attempt.
    private static let longestName = 255

    /// The last component of a request's path, decoded.
    package static func name(ofPath path: UnsafeRawBufferPointer) -> RawName {
        let start = path.lastIndex(of: ASCII.slash).map { $0 + 1 } ?? 0
        return RawName(bytes: Array(PercentEncoding.decode(path[start...]).prefix(longestName)))
    }

    package static func location(of peer: Peer, name: RawName, digest: Digest) -> [UInt8] {
        var bytes = Array("https://\(host(peer.address)):\(peer.port)/".utf8)
        // Some names are pages of their own, whatever the query.
        PercentEncoding.append(name.askable(for: digest), to: &bytes)
        bytes.append(contentsOf: "?sha256=\(digest.hex)".utf8)
        return bytes
    }

    /// IPv6 in brackets, the interface of a link-local address as a zone (RFC 6874), which curl understands.
    private static func host(_ address: IPAddress) -> String {
        if address.isIPv4 { return address.description }
        guard address.scope != 0 else { return "[\(address)]" }
        let zone = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { buffer in
            if_indextoname(address.scope, buffer.baseAddress!) == nil
                ? "\(address.scope)" : String(cString: buffer.baseAddress!)
        }
        return "[\(address)%25\(zone)]"
    }
}
