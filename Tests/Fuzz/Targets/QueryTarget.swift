import PassimCore

@testable import PassimHTTP
@testable import PassimWeb

extension FuzzTarget {
    /// A request's target: path, `?`, query.
    static let query = FuzzTarget(
        name: "query",
        sources: [
            "PassimHTTP/Query.swift", "PassimHTTP/PercentEncoding.swift", "PassimHTTP/HTMLText.swift",
            "PassimHTTP/ContentFields.swift", "PassimHTTP/NamedTarget.swift", "PassimHTTP/UTF8Text.swift",
            "PassimWeb/PageQuery.swift",
        ],
        words: [
            "sha256=", "localhost=", "true", "false", "&", "=", "?", "%", "%20", "%2F", "%00", "%C3%A9", "+",
            ReferenceConditions.hex, ReferenceConditions.hex.uppercased(), "q=", "directory=", "sort=-name",
            "page=2", "page=99999999999999999999", "<script>", "\"", "'", "\0", "\r\n", "\u{301}", "é", "/",
            "..", "/by-hash/SHA256/", "%2e",
        ],
        rounds: 1000
    ) { (input) throws(Flaw) in
        let mark = input.firstIndex(of: 0x3F)
        let path = Array(input[..<(mark ?? input.endIndex)])
        let query = mark.map { Array(input[($0 + 1)...]) }
        try compareQuery(query)
        try decode(path)
        try compareNames(path)
        try page(query ?? [])
        try show(path)
    }

    private static func compareQuery(_ query: [UInt8]?) throws(Flaw) {
        let (found, isThere) = withExactly(query ?? []) { bytes in
            let bytes = query == nil ? nil : bytes
            return (Query.parse(bytes), Query.hasDigestParameter(bytes))
        }
        try checkEqual(found, ReferenceQuery.parse(query), "the query is")
        try checkEqual(isThere, ReferenceQuery.parameters(query ?? [])["sha256"] != nil, "sha256 is there")
    }

    private static func decode(_ path: [UInt8]) throws(Flaw) {
        let decoded = PercentEncoding.decode(path)
        try checkEqual(decoded, ReferenceQuery.decoded(path), "decoded")
        for bytes in [path, decoded] {
            let encoded = withExactly(bytes) { PercentEncoding.encode($0) }
            try checkEqual(PercentEncoding.decode(encoded), bytes, "encoded and decoded")
            let isSafe = encoded.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x25, 0x2D, 0x2E, 0x5F, 0x7E: true
                default: false
                }
            }
            try check(isSafe, "encoded: \(encoded)")
        }
        let name = withExactly(path) { Redirect.name(ofPath: $0) }
        let last = ReferenceQuery.decoded(
            Array(path.split(separator: 0x2F, omittingEmptySubsequences: false).last!))
        try checkEqual(name.bytes, Array(last.prefix(255)), "the name is")
    }

    private static func compareNames(_ path: [UInt8]) throws(Flaw) {
        let found = withExactly(path) { NamedTarget.parse($0) }
        let segments = path.split(separator: 0x2F, omittingEmptySubsequences: false).dropFirst().map {
            ReferenceQuery.decoded(Array($0))
        }
        let isFile = segments.allSatisfy { segment in
            !segment.isEmpty && !segment.contains(0) && !segment.contains(0x2F)
                && segment != Array(".".utf8) && segment != Array("..".utf8)
        }
        guard path.first == 0x2F, isFile else { return try checkEqual(found, .nothing, "named") }
        let place = Array(segments.indices).last { place in
            place >= segments.count - 2 && place >= 2 && segments[place - 2] == Array("by-hash".utf8)
                && segments[place - 1] == Array("SHA256".utf8)
        }
        if let place {
            let hex = String(decoding: segments[place], as: UTF8.self)
            try checkEqual(found, Digest(hex: hex).map { .digest($0) } ?? .notADigest, "named")
        } else {
            try checkEqual(found, .path(RawName(bytes: Array(segments.joined(separator: [0x2F])))), "named")
        }
    }

    /// What the form asks for stays the same when its own address is asked.
    private static func page(_ query: [UInt8]) throws(Flaw) {
        let page = PageQuery(query)
        try check(page.page >= 1 && page.offset >= 0, "page \(page.page)")
        try check(
            page.search.count <= PageQuery.longestSearch, "\(page.search.count) characters are searched for")
        let href = page.href
        try check(href.utf8.allSatisfy { 0x21...0x7E ~= $0 && !"\"'<>".utf8.contains($0) }, href)
        // Cut where a space stood.
        if page.search.last?.isWhitespace == true { return }
        let again = href.split(separator: "?").dropFirst().first?.split(separator: "#").first ?? ""
        try checkEqual(PageQuery(Array(again.utf8)), page, "asked again by \(href)")
    }

    /// Whatever a name holds, it neither ends a line of a head nor begins a tag.
    private static func show(_ name: [UInt8]) throws(Flaw) {
        var text: [UInt8] = []
        withExactly(name) { HTMLText.append($0, to: &text) }
        guard let shown = String(validating: text, as: UTF8.self) else { throw Flaw(description: "no UTF-8") }
        try check(!shown.unicodeScalars.contains { "<>\"'".unicodeScalars.contains($0) }, shown)
        try check(!shown.unicodeScalars.contains { $0.properties.generalCategory == .control }, shown)
        for reference in text.split(separator: 0x26, omittingEmptySubsequences: false).dropFirst() {
            let isKnown = ["amp;", "lt;", "gt;", "quot;", "#39;"].contains { reference.starts(with: $0.utf8) }
            try check(isKnown, shown)
        }
        let lines = contentFields(
            name: RawName(bytes: name), digest: ReferenceConditions.digest,
            contentType: String(decoding: name, as: UTF8.self), modified: Int64(name.count))
        try checkEqual(lines.count { $0 == 0x0D }, 6, "carriage returns")
        try checkEqual(lines.count { $0 == 0x0A }, 6, "line feeds")
        try check(lines.allSatisfy { 0x20...0x7E ~= $0 || $0 == 0x0D || $0 == 0x0A }, "\(lines)")
    }
}
