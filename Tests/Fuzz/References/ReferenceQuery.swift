import PassimCore

@testable import PassimHTTP

/// A second reading of queries and percent-encoded names, on characters.
enum ReferenceQuery {
    static func parse(_ bytes: [UInt8]?) -> Query {
        guard let bytes, !bytes.isEmpty else { return .missing }
        let found = parameters(bytes)
        let places = found["localhost"] ?? []
        let digests = found["sha256"] ?? []
        if digests.count > 1 || !places.allSatisfy({ $0 == "true" || $0 == "false" }) { return .malformed }
        guard let hex = digests.first else { return .withoutDigest }
        guard hex.utf8.count == 64, let bytes = number(hex), let digest = Digest(bytes: bytes) else {
            return .unacceptable
        }
        return .digest(digest, localhost: places.last.map { $0 == "true" })
    }

    /// Names and values with one `=` between them.
    static func parameters(_ bytes: [UInt8]) -> [String: [String]] {
        var found: [String: [String]] = [:]
        for part in latin1(bytes).unicodeScalars.split(separator: "&") {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false).map { String($0) }
            if sides.count == 2 { found[sides[0], default: []].append(sides[1]) }
        }
        return found
    }

    private static func number(_ hex: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = Array(hex.unicodeScalars)[...]
        while !rest.isEmpty {
            guard let byte = byte(rest.prefix(2)) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }

    private static func byte(_ digits: ArraySlice<Unicode.Scalar>) -> UInt8? {
        let text = String(String.UnicodeScalarView(digits))
        return digits.count == 2 && !text.contains("+") && !text.contains("-") ? UInt8(text, radix: 16) : nil
    }

    static func decoded(_ bytes: [UInt8]) -> [UInt8] {
        var decoded: [UInt8] = []
        let scalars = Array(latin1(bytes).unicodeScalars)
        var place = 0
        while place < scalars.count {
            if scalars[place] == "%", let byte = byte(scalars[(place + 1)...].prefix(2)) {
                decoded.append(byte)
                place += 3
            } else {
                decoded.append(UInt8(scalars[place].value))
                place += 1
            }
        }
        return decoded
    }
}
