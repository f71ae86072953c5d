internal import Glibc
package import PassimCore

/// The URL that a client is sent to for a digest: `https://ADDR:PORT/NAME?sha256=DIGEST` (passim-protocol(7), HTTPS
/// row 11).
package enum Redirect {
    /// No file system has longer names; a longer path is somebody's attempt.
    private static let longestName = 255

    /// The last component of a request's path, decoded.
    package static func name(ofPath path: UnsafeRawBufferPointer) -> RawName {
        let start = path.lastIndex(of: ASCII.slash).map { $0 + 1 } ?? 0
        return RawName(bytes: Array(PercentEncoding.decode(path[start...]).prefix(longestName)))
    }

    /// A mirror is called what the administrator has called it: its clients may check its certificate.
    package static func location(of place: ServingPlace, name: RawName, digest: Digest) -> [UInt8] {
        switch place {
        case .peer(let peer): location(of: peer, name: name, digest: digest)
        case .mirror(let host): location(at: host.authority, name: name, digest: digest)
        }
    }

    package static func location(of peer: Peer, name: RawName, digest: Digest) -> [UInt8] {
        location(at: "\(host(peer.address)):\(peer.port)", name: name, digest: digest)
    }

    private static func location(at authority: String, name: RawName, digest: Digest) -> [UInt8] {
        var bytes = Array("https://\(authority)/".utf8)
        // Some names are pages of their own, whatever the query.
        PercentEncoding.append(name.askable(for: digest), to: &bytes)
        bytes.append(contentsOf: "?sha256=\(digest.hex)".utf8)
        return bytes
    }

    /// The peer of a URL that `location` has made, or of one like it: https, an address and a port (443 where there
    /// is none), whatever follows.
    package static func peer(ofLocation url: String) -> Peer? {
        guard let authority = authority(ofLocation: url)?.utf8 else { return nil }
        let isBracketed = authority.first == ASCII.openBracket
        let host: Substring.UTF8View
        let rest: Substring.UTF8View
        if isBracketed {
            guard let end = authority.firstIndex(of: ASCII.closeBracket) else { return nil }
            host = authority[..<end].dropFirst()
            rest = authority[end...].dropFirst()
        } else {
            host = authority.prefix { $0 != ASCII.colon }
            rest = authority[host.endIndex...]
        }
        guard let address = address(host, isBracketed: isBracketed) else { return nil }
        if rest.isEmpty { return Peer(address: address, port: 443) }
        let digits = rest.dropFirst()
        guard rest.first == ASCII.colon, digits.allSatisfy(ASCII.isDigit),
            let port = UInt16(Substring(digits)), port > 0
        else { return nil }
        return Peer(address: address, port: port)
    }

    /// Host and port of an https URL as they are written; nil for any other URL.
    package static func authority(ofLocation url: String) -> Substring? {
        // By bytes: a slash with a combining character behind it is no slash to String.
        guard url.utf8.starts(with: "https://".utf8) else { return nil }
        let ends = [ASCII.slash, ASCII.questionMark, ASCII.hash]
        return Substring(url.utf8.dropFirst(8).prefix { !ends.contains($0) })
    }

    private static func address(_ host: Substring.UTF8View, isBracketed: Bool) -> IPAddress? {
        let parts = host.split(separator: ASCII.percent, maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(Substring(parts[0])), address.isIPv4 != isBracketed else { return nil }
        guard parts.count == 2 else { return address }
        guard parts[1].starts(with: "25".utf8) else { return nil }
        let zone = String(Substring(parts[1].dropFirst(2)))
        let scope = if_nametoindex(zone) == 0 ? UInt32(zone) : if_nametoindex(zone)
        guard !address.isIPv4, let scope, scope != 0 else { return nil }
        return IPAddress(high: address.high, low: address.low, scope: scope)
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
