/// A machine that serves by digest and that the administrator has named: its name, its port, and perhaps its key.
package struct MirrorHost: Hashable, Sendable {
    /// As it was written: a name, or an address; of IPv6 without brackets.
    package let name: String
    package let port: UInt16
    /// The SHA-256 of its public key as curl's `--pinnedpubkey` has it: `sha256//` and 44 characters of Base64. Nil: any
    /// key will do, as the digest proves what is sent.
    package let pin: String?

    package static let usualPort: UInt16 = 27500

    package init(name: String, port: UInt16 = MirrorHost.usualPort, pin: String? = nil) {
        self.name = name
        self.port = port
        self.pin = pin
    }

    /// As in a URL: `HOST:PORT`, IPv6 in brackets.
    package var authority: String { name.utf8.contains(0x3A) ? "[\(name)]:\(port)" : "\(name):\(port)" }
}

/// A part of `Mirror=`: `HOST[:PORT][#sha256//BASE64]` or `srv:DOMAIN`.
package enum NamedMirror: Hashable, Sendable {
    case host(MirrorHost)
    /// The hosts of the SRV records of `_passim._tcp.DOMAIN` (RFC 2782).
    case service(domain: String)

    /// The fault of a part, in words that follow it.
    package struct Fault: Error, Hashable, CustomStringConvertible {
        package var description: String
    }

    package init(_ text: String) throws(Fault) {
        if text.contains("://") {
            throw Fault(description: "a URL; write HOST, HOST:PORT or srv:DOMAIN")
        }
        if text.lowercased().hasPrefix("srv:") {
            let domain = String(text.dropFirst(4))
            if domain.contains("#") || domain.contains(":") {
                throw Fault(
                    description: "srv: takes a domain alone; name the hosts to give them ports or pins")
            }
            self = .service(domain: try NamedMirror.hostName(domain))
            return
        }
        let parts = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let (name, port) = try NamedMirror.authority(parts[0])
        var pin: String?
        if parts.count == 2 { pin = try NamedMirror.pin(parts[1]) }
        self = .host(MirrorHost(name: name, port: port, pin: pin))
    }

    private static func authority(_ text: Substring) throws(Fault) -> (name: String, port: UInt16) {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else {
                throw Fault(description: "has a [ without its ]")
            }
            let name = text[..<end].dropFirst()
            guard let address = IPAddress(name), name.contains(":") else {
                throw Fault(description: "what is in brackets is no IPv6 address")
            }
            try check(address)
            return (String(name), try port(text[end...].dropFirst()))
        }
        let name = text.prefix { $0 != ":" }
        if text.dropFirst(name.count + 1).contains(":") {
            throw Fault(description: "an IPv6 address is written in brackets: [2001:db8::1]:27500")
        }
        if let address = IPAddress(name) {
            try check(address)
            return (String(name), try port(text.dropFirst(name.count)))
        }
        return (try hostName(String(name)), try port(text.dropFirst(name.count)))
    }

    private static func check(_ address: IPAddress) throws(Fault) {
        // The interface of one has no place in a URL that every client understands.
        if address.isLinkLocal { throw Fault(description: "a link-local address cannot be named") }
    }

    /// - Parameter text: empty, or a colon and the port.
    private static func port(_ text: Substring) throws(Fault) -> UInt16 {
        if text.isEmpty { return MirrorHost.usualPort }
        let digits = text.dropFirst()
        guard text.first == ":", (1...5).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let port = UInt16(digits), port > 0
        else { throw Fault(description: "the port is not a number from 1 to 65535") }
        return port
    }

    /// Letters, digits, `-` and `_` between dots (RFC 1123, 2.1), without a dot at the end.
    private static func hostName(_ text: String) throws(Fault) -> String {
        if text.isEmpty { throw Fault(description: "names no host") }
        let isText = text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
            default: false
            }
        }
        if !isText {
            throw Fault(
                description:
                    "has a character that the name of a host cannot have; names of other scripts begin with xn--"
            )
        }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= 253, labels.allSatisfy({ (1...63).contains($0.utf8.count) }) else {
            throw Fault(description: "not the name of a host: a part of it is empty or too long")
        }
        // 192.168.1.300 is a slip, and inet_aton(3) makes something of 10.1.
        if labels.last!.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) {
            throw Fault(description: "neither a name nor an IP address")
        }
        return text
    }

    /// 32 bytes in Base64 (RFC 4648, 4), written in the one way that libcurl compares with.
    private static func pin(_ text: Substring) throws(Fault) -> String {
        let digits = text.utf8.dropFirst(8)
        let isPin =
            text.hasPrefix("sha256//") && digits.count == 44 && digits.last == 0x3D
            && digits.dropLast().allSatisfy { NamedMirror.base64($0) != nil }
            // The last digit stands for four bits and two that are 0.
            && NamedMirror.base64(digits.dropLast().last!)! & 3 == 0
        guard isPin else {
            throw Fault(
                description:
                    "the pin behind # is not sha256// and 44 characters of Base64, as curl --pinnedpubkey takes it"
            )
        }
        return String(text)
    }

    private static func base64(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x41...0x5A: byte - 0x41
        case 0x61...0x7A: byte - 0x61 + 26
        case 0x30...0x39: byte - 0x30 + 52
        case 0x2B: 62
        case 0x2F: 63
        default: nil
        }
    }
}

extension NamedMirror: CustomStringConvertible {
    /// As messages name it: without the pin.
    package var description: String {
        switch self {
        case .host(let host): host.authority
        case .service(let domain): "srv:\(domain)"
        }
    }
}
