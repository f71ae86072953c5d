import PassimCore

@testable import PassimSync

extension FuzzTarget {
    /// A PULP_MANIFEST; and the same bytes as JSON.
    static let manifest = FuzzTarget(
        name: "manifest",
        sources: [
            "PassimSync/ManifestParser.swift", "PassimSync/Manifest.swift", "PassimSync/ManifestName.swift",
            "PassimSync/JSONValue.swift",
        ],
        words: [
            ",", ",,", "\n", "\r\n", "/", "//", "..", ".", ReferenceConditions.hex,
            "," + ReferenceConditions.hex + ",1\n",
            "9223372036854775807", "9223372036854775808", "-1", ".passim-", ".part", "é", "\0", "{", "}", "[",
            "]", ":",
            "\"", "\\u", "\\ud83d\\ude00", "1e9", "true", "null",
        ],
        rounds: 1000
    ) { (input) throws(Flaw) in
        let whole = parse(input, pieces: .max)
        for pieces in [1, 5] {
            let again = parse(input, pieces: pieces)
            try checkEqual(again?.map(\.path), whole?.map(\.path), "in pieces of \(pieces)")
        }
        for (position, entry) in (whole ?? []).enumerated() {
            let components = entry.path.bytes.split(separator: 0x2F, omittingEmptySubsequences: false)
            try check(
                components.allSatisfy {
                    !$0.isEmpty && $0.count <= 255 && Array($0) != [0x2E] && Array($0) != [0x2E, 0x2E]
                },
                "\(entry.path) leads elsewhere")
            try check(
                !entry.path.bytes.contains(0) && entry.path.bytes.count < 4096, "\(entry.path) is no path")
            try check(entry.size <= UInt64(Int64.max), "\(entry.size)")
            if position > 0 { try check(whole![position - 1].path < entry.path, "not in order") }
        }
        _ = JSONValue(input)
    }

    private static func parse(_ input: [UInt8], pieces: Int) -> [Manifest.Entry]? {
        var parser = ManifestParser()
        var rest = input[...]
        do throws(ManifestParser.Failure) {
            while !rest.isEmpty {
                let piece = Array(rest.prefix(pieces))
                rest = rest.dropFirst(pieces)
                try withExactly(piece) { (bytes) throws(ManifestParser.Failure) in try parser.take(bytes) }
            }
            let (manifest, _) = try parser.finish()
            return (0..<manifest.count).map { manifest[$0] }
        } catch {
            return nil
        }
    }
}
