package import PassimCore
internal import PassimHTTP

/// A query of the page's form: the parameters of `/`. A parameter that is wrong counts as not given.
package struct PageQuery: Hashable, Sendable {
    /// Part of a name, or the beginning of a digest; empty: all.
    package var search = ""
    /// A drop-in's file name, or `PageQuery.published`; empty: all.
    package var directory = ""
    package var sort = Sort.newest
    package var span = Span.day
    /// From 1 on.
    package var page = 1

    /// No drop-in's name: those end in `.conf`.
    package static let published = "published"
    /// Files of a page.
    package static let pageSize = 50
    /// Characters that are searched for; what is behind them does not count.
    package static let longestSearch = 256
    private static let lastPage = 1 << 32

    package enum Sort: String, CaseIterable, Sendable {
        case newest = ""
        case oldest = "modified"
        case name
        case nameDescending = "-name"
        case biggest = "-size"
        case smallest = "size"
    }

    /// Time that the chart shows.
    package enum Span: String, CaseIterable, Sendable {
        case day = ""
        case hour
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
            case "sort": sort = Sort(rawValue: value) ?? .newest
            case "span": span = Span(rawValue: value) ?? .day
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

    /// URL of the files with these parameters.
    package var href: String { href(of: "files") }

    /// - Parameter part: the part of the page to begin at.
    func href(of part: String) -> String {
        var parameters: [(name: String, value: String)] = []
        if !search.isEmpty { parameters.append(("q", search)) }
        if !directory.isEmpty { parameters.append(("directory", directory)) }
        if sort != .newest { parameters.append(("sort", sort.rawValue)) }
        if span != .day { parameters.append(("span", span.rawValue)) }
        if page > 1 { parameters.append(("page", "\(page)")) }
        let query = parameters.map { parameter in
            let value = PercentEncoding.encode(RawName(parameter.value))
            return "\(parameter.name)=\(String(decoding: value, as: UTF8.self))"
        }
        return "/" + (query.isEmpty ? "" : "?" + query.joined(separator: "&")) + "#\(part)"
    }

    /// True if nothing is asked for but the whole page; else the files are, and all else is one line.
    package var isOverview: Bool { with { $0.span = .day } == PageQuery() }

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
        case .name, .nameDescending: .name
        case .smallest, .biggest: .size
        case .newest, .oldest: .modified
        }
    }

    package var isDescending: Bool {
        switch self {
        case .newest, .nameDescending, .biggest: true
        case .oldest, .name, .smallest: false
        }
    }

    /// The same the other way round.
    var turned: PageQuery.Sort {
        switch self {
        case .newest: .oldest
        case .oldest: .newest
        case .name: .nameDescending
        case .nameDescending: .name
        case .biggest: .smallest
        case .smallest: .biggest
        }
    }

    /// As it is chosen.
    var words: String {
        switch self {
        case .newest: "newest first"
        case .oldest: "oldest first"
        case .name: "name, from A"
        case .nameDescending: "name, from Z"
        case .biggest: "biggest first"
        case .smallest: "smallest first"
        }
    }
}
