import Glibc
import PassimCore

@testable import PassimHTTP

/// A second reading of ranges and conditions: on lines and words, with the C library's calendar.
struct ReferenceConditions {
    static let hex = String(repeating: "0123456789abcdef", count: 4)
    static let digest = Digest(hex: hex)!

    private let values: [String: [String]]
    private let size: UInt64
    private let modified: Int64

    /// - Parameter head: a request's, well-formed, with its empty line.
    init(head: some Sequence<UInt8>, size: UInt64, modified: Int64) {
        var values: [String: [String]] = [:]
        for line in latin1(head).unicodeScalars.split(separator: "\n").dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...]
            let name = String(line[..<colon]).lowercased()
            values[name, default: []].append(ReferenceConditions.trimmed(String(value)))
        }
        self.values = values
        self.size = size
        // Dates before and after cannot be written.
        self.modified = min(max(modified, 0), 253_402_300_799)
    }

    private static func trimmed(_ text: String) -> String {
        var scalars = text.unicodeScalars[...]
        while let first = scalars.first, " \t\r".unicodeScalars.contains(first) { scalars.removeFirst() }
        while let last = scalars.last, " \t\r".unicodeScalars.contains(last) { scalars.removeLast() }
        return String(scalars)
    }

    private func only(_ name: String) -> String? {
        guard let values = values[name], values.count == 1 else { return nil }
        return values[0]
    }

    // MARK: - Conditions

    var outcome: Conditions.Outcome {
        func date(_ name: String) -> Int64? { only(name).flatMap { ReferenceDate.seconds($0) } }
        if let lines = values["if-match"] {
            if !lines.contains(where: { names($0, weakly: false) }) { return .failed }
        } else if let date = date("if-unmodified-since"), modified > date {
            return .failed
        }
        if let lines = values["if-none-match"] {
            return lines.contains { names($0, weakly: true) } ? .notModified : .met
        }
        if let date = date("if-modified-since"), modified <= date { return .notModified }
        return .met
    }

    private func names(_ list: String, weakly: Bool) -> Bool {
        if list == "*" { return true }
        var rest = Array(list.unicodeScalars)[...]
        while true {
            rest = rest.drop { " \t,".unicodeScalars.contains($0) }
            let isWeak = rest.starts(with: "W/".unicodeScalars)
            if isWeak { rest = rest.dropFirst(2) }
            guard rest.popFirst() == "\"", let end = rest.firstIndex(of: "\"") else { return false }
            let tag = rest[..<end]
            if tag.contains(where: { $0.value <= 32 || $0.value == 127 }) { return false }
            rest = rest[(end + 1)...].drop { " \t".unicodeScalars.contains($0) }
            guard rest.first ?? "," == "," else { return false }
            if tag.elementsEqual(ReferenceConditions.hex.unicodeScalars), weakly || !isWeak { return true }
        }
    }

    var range: RangeOutcome {
        if values["if-range"]?.count ?? 0 > 1 { return .whole }
        guard let range = only("range") else { return .whole }
        if let condition = only("if-range"), condition != "\"\(ReferenceConditions.hex)\"",
            ReferenceDate.seconds(condition) != modified
        {
            return .whole
        }
        return ReferenceConditions.resolve(range, size)
    }

    // MARK: - Ranges

    private static func resolve(_ text: String, _ size: UInt64) -> RangeOutcome {
        guard text.prefix(6).lowercased() == "bytes=", text.utf8.allSatisfy({ $0 < 128 }) else {
            return .whole
        }
        let elements = text.dropFirst(6).split(separator: ",").map { trimmed(String($0)) }
            .filter { !$0.isEmpty }
        guard elements.count == 1 else { return .whole }
        let ends = elements[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2, ends.allSatisfy({ $0.allSatisfy { "0123456789".contains($0) } }) else {
            return .whole
        }
        let first = number(ends[0])
        let last = number(ends[1])
        switch (first, last) {
        case (nil, nil): return .whole
        case (nil, let length?):
            if length == 0 { return .unsatisfiable }
            if size == 0 { return .whole }
            return .part(ByteRange(first: size - min(size, length), count: min(size, length)))
        case (let first?, let last):
            if let last, last < first { return .whole }
            if first >= size { return .unsatisfiable }
            return .part(ByteRange(first: first, count: min(last ?? .max, size - 1) - first + 1))
        }
    }

    /// nil for nothing; the biggest there is for what is bigger.
    private static func number(_ digits: Substring) -> UInt64? {
        digits.isEmpty ? nil : UInt64(digits) ?? .max
    }
}
