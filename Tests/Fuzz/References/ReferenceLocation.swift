import PassimCore

/// A second reading of peers' URLs without zones, on scalars.
enum ReferenceLocation {
    static func peer(_ url: String) -> Peer? {
        let scalars = Array(url.unicodeScalars)
        guard scalars.starts(with: "https://".unicodeScalars) else { return nil }
        let authority = scalars[8...].prefix { !"/?#".unicodeScalars.contains($0) }
        guard let last = authority.lastIndex(of: ":"), !authority[last...].contains("]") else {
            return address(authority).map { Peer(address: $0, port: 443) }
        }
        let digits = text(authority[(last + 1)...])
        guard digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let port = UInt16(digits), port > 0 else {
            return nil
        }
        return address(authority[..<last]).map { Peer(address: $0, port: port) }
    }

    private static func address(_ host: ArraySlice<Unicode.Scalar>) -> IPAddress? {
        if host.first == "[" {
            guard host.last == "]", let address = IPAddress(text(host.dropFirst().dropLast())) else {
                return nil
            }
            return address.isIPv4 ? nil : address
        }
        // IPv4, not in its IPv6 form, which wants brackets too.
        guard !host.contains(":"), let address = IPAddress(text(host)) else { return nil }
        return address
    }

    private static func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        String(String.UnicodeScalarView(scalars))
    }
}
