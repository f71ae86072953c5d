package import PassimCore

/// The place of a PULP_MANIFEST and of the files that it names: `https://cdn.fwupd.org/downloads/`.
package struct SourceURL: Sendable, Hashable {
    /// With a `/` at its end.
    package let text: String
    /// http://
    package let isPlain: Bool
    /// Without the port; of IPv6 without the brackets.
    package let host: String

    /// A URL's fault, in words that follow it.
    package struct Fault: Error, Hashable, CustomStringConvertible {
        package var description: String
    }

    package init(_ text: String) throws(Fault) {
        if !text.utf8.allSatisfy(SourceURL.isOfAURL) {
            throw Fault(description: "holds a character that a URL cannot; write it as % and two digits")
        }
        let rest: Substring
        if text.lowercased().hasPrefix("https://") {
            (isPlain, rest) = (false, text.dropFirst(8))
        } else if text.lowercased().hasPrefix("http://") {
            (isPlain, rest) = (true, text.dropFirst(7))
        } else {
            throw Fault(description: "not a URL of https; write https://HOST/DIRECTORY/")
        }
        if rest.contains("?") || rest.contains("#") {
            throw Fault(description: "has a ? or a #; name the directory that PULP_MANIFEST is in")
        }
        let authority = rest.prefix { $0 != "/" }
        if authority.contains("@") { throw Fault(description: "names a user, which is not supported") }
        host = SourceURL.host(of: authority)
        if host.isEmpty { throw Fault(description: "names no host") }
        var whole = text
        // The manifest itself is what many would write.
        if whole.hasSuffix("/PULP_MANIFEST") { whole.removeLast("PULP_MANIFEST".count) }
        if !whole.hasSuffix("/") { whole += "/" }
        self.text = whole
    }

    /// RFC 3986, appendix A: unreserved, reserved, and the sign of what is encoded.
    private static func isOfAURL(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "-._~:/?#[]@!$&'()*+,;=%".utf8.contains(byte)
        }
    }

    private static func host(of authority: Substring) -> String {
        if authority.hasPrefix("[") { return String(authority.dropFirst().prefix { $0 != "]" }) }
        return String(authority.prefix { $0 != ":" })
    }

    /// This machine, by a number or by the name that RFC 6761 reserves for it.
    package var isLoopback: Bool { SourceURL.isLoopback(host) }

    private static func isLoopback(_ host: String) -> Bool {
        let host = host.lowercased()
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// The URL of a file below it: all but the unreserved characters (RFC 3986, 2.3) and `/` in hexadecimal form.
    package func url(of path: RawName) -> String {
        var url = text
        for byte in path.bytes {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E, 0x2F:
                url.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                url += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return url
    }
}

extension SourceURL: CustomStringConvertible {
    package var description: String { text }
}
