@testable import PassimHTTP

/// The second implementation: works on a whole head, line by line, and finds all its faults instead of the
/// first. Slow and plain on purpose.
enum ReferenceParser {
    enum Answer: Equatable {
        case request(HeadView)
        /// The statuses of all faults.
        case faults(Set<UInt16>)
    }

    /// - Parameter input: holds two empty lines at its end, so that a head ends somewhere.
    static func parse(_ input: [UInt8]) -> Answer {
        var faults = Set<UInt16>()
        var lines = [String]()
        var length = 0
        var begun = false
        var empty = 0
        for piece in input.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast() {
            length += piece.count + 1
            if piece.last != 0x0D { faults.insert(400) }
            let line = latin1(piece.last == 0x0D ? piece.dropLast() : piece)
            if line.unicodeScalars.contains(where: { $0.value < 32 && $0 != "\t" || $0.value == 127 }) {
                faults.insert(400)
            }
            if line.isEmpty, !begun {
                empty += 1
                if empty > 2 { return .faults([400]) }
                continue
            }
            begun = true
            if line.isEmpty { break }
            lines.append(line)
        }
        if length > 16384 { faults.insert(431) }
        var head = requestLine(lines.removeFirst(), &faults)
        head.length = length
        fields(lines, &head, &faults)
        return faults.isEmpty ? .request(head) : .faults(faults)
    }

    private static let token = Set(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    private static let hostCharacters = token.subtracting("#^`|").union("();,=")
    private static let literalCharacters = token.subtracting("!#$&'*+^`|").union(":")
    private static let digits = Set("0123456789")

    private static func requestLine(_ line: String, _ faults: inout Set<UInt16>) -> HeadView {
        var head = HeadView()
        let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard words.count == 3 else {
            faults.insert(400)
            if words.count > 1, words[1].unicodeScalars.count > 8192 { faults.insert(414) }
            if words.count > 2 { version(words[2], &head, &faults) }
            return head
        }
        if words[0].isEmpty || !Set(words[0]).isSubset(of: token) { faults.insert(400) }
        head.method = words[0] == "GET" ? .get : words[0] == "HEAD" ? .head : .other
        head.declaresBody = words[0] == "CONNECT"
        head.target = words[1]
        if words[1].isEmpty || words[1].contains("#") || words[1].contains("\t") { faults.insert(400) }
        if words[1].unicodeScalars.count > 8192 { faults.insert(414) }
        version(words[2], &head, &faults)

        var rest = Substring(words[1])
        if head.method != .other, !rest.hasPrefix("/") {
            let lower = rest.lowercased()
            let scheme = ["http://", "https://"].first { lower.hasPrefix($0) }
            guard let scheme else {
                faults.insert(400)
                return head
            }
            rest = rest.dropFirst(scheme.count)
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            if !isAuthority(String(authority)) { faults.insert(400) }
            head.host = String(authority)
            rest = rest.dropFirst(authority.count)
            if !rest.hasPrefix("/") { rest = "/" + rest }
        }
        head.path = String(rest.prefix { $0 != "?" })
        if head.path.count < rest.count { head.query = String(rest.dropFirst(head.path.count + 1)) }
        return head
    }

    private static func version(_ text: String, _ head: inout HeadView, _ faults: inout Set<UInt16>) {
        guard text.hasPrefix("HTTP/") else {
            faults.insert(400)
            return
        }
        let number = text.dropFirst(5)
        if let major = number.first, digits.contains(major), major != "1" { faults.insert(505) }
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count != 2 || parts.contains(where: { $0.count != 1 || !digits.contains($0.first!) }) {
            faults.insert(400)
        }
        head.isHTTP11 = number != "1.0"
    }

    static func isAuthority(_ text: String) -> Bool {
        var host = text
        // A colon within brackets is not the port's.
        if let colon = text.lastIndex(of: ":"), !text[colon...].contains("]") {
            if !Set(text[text.index(after: colon)...]).isSubset(of: digits) { return false }
            host = String(text[..<colon])
        }
        if host.hasPrefix("[") {
            return host.hasSuffix("]") && host.count > 2
                && Set(host.dropFirst().dropLast()).isSubset(of: literalCharacters)
        }
        return !host.isEmpty && Set(host).isSubset(of: hostCharacters)
    }

    private static func fields(_ lines: [String], _ head: inout HeadView, _ faults: inout Set<UInt16>) {
        if lines.count > 100 { faults.insert(431) }
        var values = [String: [String]]()
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else {
                faults.insert(400)
                continue
            }
            let name = line[..<colon]
            if name.isEmpty || !Set(name).isSubset(of: token) { faults.insert(400) }
            values[name.lowercased(), default: []].append(trim(line[line.index(after: colon)...]))
        }
        func elements(_ name: String) -> [String] {
            (values[name] ?? []).flatMap { $0.split(separator: ",") }.map { trim($0) }.filter { !$0.isEmpty }
        }
        func only(_ name: String) -> String? { values[name].flatMap { $0.count == 1 ? $0[0] : nil } }

        let hosts = values["host"] ?? []
        if hosts.count > 1 || hosts.contains(where: { !isAuthority($0) }) { faults.insert(400) }
        if hosts.isEmpty, head.isHTTP11 { faults.insert(400) }
        head.host = head.host ?? hosts.first

        let lengths = values["content-length"] ?? []
        let codings = values["transfer-encoding"] ?? []
        if lengths.count > 1 || !lengths.isEmpty && !codings.isEmpty { faults.insert(400) }
        for length in lengths {
            if length.isEmpty || !Set(length).isSubset(of: digits) { faults.insert(400) }
            if length.contains(where: { $0 != "0" }) { head.declaresBody = true }
        }
        if !codings.isEmpty {
            head.declaresBody = true
            let names = elements("transfer-encoding").map { $0.lowercased() }
            if !head.isHTTP11 || codings.contains(where: { trim($0.filter { $0 != "," }).isEmpty }) {
                faults.insert(400)
            }
            if names != ["chunked"] { faults.formUnion(names.contains("chunked") ? [400, 501] : [501]) }
            if names.contains(where: {
                !token.contains($0.first!) || $0.hasPrefix("chunked") && $0 != "chunked"
            }) {
                faults.insert(400)
            }
        }

        let expectations = elements("expect").map { $0.lowercased() }
        if expectations.contains(where: { $0 != "100-continue" }) { faults.insert(417) }
        head.expectContinue = !expectations.isEmpty && head.isHTTP11

        let options = Set(elements("connection").map { $0.lowercased() })
        head.keepAlive = !options.contains("close") && (head.isHTTP11 || options.contains("keep-alive"))
        head.ifRange = only("if-range")
        head.range = (values["if-range"]?.count ?? 0) > 1 ? nil : only("range")
        head.ifNoneMatch = values["if-none-match"]?.first
        head.hasMoreIfNoneMatch = (values["if-none-match"]?.count ?? 0) > 1
        head.ifModifiedSince = only("if-modified-since")
        head.ifMatch = values["if-match"]?.first
        head.hasMoreIfMatch = (values["if-match"]?.count ?? 0) > 1
        head.ifUnmodifiedSince = only("if-unmodified-since")
        head.wantsDigest = elements("want-digest").contains { element in
            let parts = element.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false).map {
                trim($0).lowercased()
            }
            guard parts[0] == "sha-256" else { return false }
            let isRefused =
                parts.count > 1 && parts[1].hasPrefix("q=") && parts[1].count > 2
                && Set(parts[1].dropFirst(2)).isSubset(of: "0.")
            return !isRefused
        }
    }

    private static func trim(_ text: some StringProtocol) -> String {
        var text = Substring(text)
        while let first = text.first, first == " " || first == "\t" { text = text.dropFirst() }
        while let last = text.last, last == " " || last == "\t" { text = text.dropLast() }
        return String(text)
    }
}
