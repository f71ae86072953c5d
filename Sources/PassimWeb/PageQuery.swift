package import PassimCore
internal import PassimHTTP

/// A query of the page's form: the parameters of `/`. A parameter that is wrong counts as not given.
package struct PageQuery: Hashable, Sendable {
    /// Part of a name, or the beginning of a digest; empty: all.
    package var search = ""
    /// A drop-in's file name, or `PageQuery.published`; empty: all.
    package var directory = ""
    package var sort = Sort.none
    /// From 1 on.
    package var page = 1

    /// No drop-in's name: those end in `.conf`.
    package static let published = "published"
    /// Files of a page.
    package static let pageSize = 100
    /// Characters that are searched for; what is behind them does not count.
    package static let longestSearch = 256
    private static let lastPage = 1 << 32

    package enum Sort: String, CaseIterable, Sendable {
        case none = ""
        case name
        case nameDescending = "-name"
        case size
        case sizeDescending = "-size"
        case modified
        case modifiedDescending = "-modified"
    }

    package init() {}

    /// - Parameter query: what follows the `?`, as a form sends it (application/x-www-form-urlencoded).
    package init(_ query: [UInt8]) {
        for part in query.split(separator: 0x26) {
            guard let equals = part.firstIndex(of: 0x3D) else { continue }
            let value = PageQuery.decoded(part[(equals + 1)...])
            switch PageQuery.decoded(part[..<equals]) {
            // Pasted digests come with what was beside them.
            case "q": search = String(PageQuery.trimmed(value).prefix(PageQuery.longestSearch))
            case "directory": directory = value
            case "sort": sort = Sort(rawValue: value) ?? .none
            case "page": page = Int(value).map { min(max($0, 1), PageQuery.lastPage) } ?? 1
            default: break
            }
        }
    }

    private static func decoded(_ part: some Sequence<UInt8>) -> String {
        String(decoding: PercentEncoding.decode(part.map { $0 == 0x2B ? 0x20 : $0 }), as: UTF8.self)
    }

    private static func trimmed(_ text: String) -> Substring {
        var text = text[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    /// URL of the page with these parameters.
    package var href: String {
        var parameters: [(name: String, value: String)] = []
        if !search.isEmpty { parameters.append(("q", search)) }
        if !directory.isEmpty { parameters.append(("directory", directory)) }
        if sort != .none { parameters.append(("sort", sort.rawValue)) }
        if page > 1 { parameters.append(("page", "\(page)")) }
        let query = parameters.map { parameter in
            let value = PercentEncoding.encode(RawName(parameter.value))
            return "\(parameter.name)=\(String(decoding: value, as: UTF8.self))"
        }
        return "/" + (query.isEmpty ? "" : "?" + query.joined(separator: "&")) + "#files"
    }

    package func with(_ change: (inout PageQuery) -> Void) -> PageQuery {
        var changed = self
        change(&changed)
        return changed
    }

    /// Files before those of the page.
    package var offset: Int { (page - 1) * PageQuery.pageSize }
}

extension PageQuery.Sort {
    package var order: ListingOrder {
        switch self {
        case .none: .none
        case .name, .nameDescending: .name
        case .size, .sizeDescending: .size
        case .modified, .modifiedDescending: .modified
        }
    }

    package var isDescending: Bool { rawValue.hasPrefix("-") }

    /// The same the other way round.
    var turned: PageQuery.Sort {
        PageQuery.Sort(rawValue: isDescending ? String(rawValue.dropFirst()) : "-" + rawValue) ?? .none
    }

    /// As it is chosen.
    var words: String {
        switch self {
        case .none: "as found"
        case .name: "name, from A"
        case .nameDescending: "name, from Z"
        case .size: "smallest first"
        case .sizeDescending: "biggest first"
        case .modified: "oldest first"
        case .modifiedDescending: "newest first"
        }
    }
}
