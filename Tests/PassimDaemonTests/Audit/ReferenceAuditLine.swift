import Glibc
import PassimCore

@testable import PassimDaemon

/// A second reader of audit lines: on characters, with the C library's calendar, and as plain as can be.
enum ReferenceAuditLine {
    static func parse(_ line: String) -> AuditLine? {
        let parts = line.unicodeScalars.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, line.unicodeScalars.allSatisfy({ $0.value >= 32 && $0.value != 127 }) else {
            return nil
        }
        guard let time = time(String(parts[0])), let fields = fields(Array(parts[2])),
            let digest = fields["hash"].flatMap({ Digest(hex: $0) }), let basename = fields["basename"]
        else { return nil }
        let known = fields["size"]
        let size = known.flatMap { $0.utf8.allSatisfy { $0 >= 48 && $0 <= 57 } ? UInt64($0) : nil }
        if let known, size == nil || known.utf8.count > 20 { return nil }
        let event: AuditLine.Event
        switch String(parts[1]) {
        case "PBLSH":
            guard let size, let cmdline = fields["cmdline"] else { return nil }
            event = .published(size: size, cmdline: cmdline)
        case "SHARE":
            guard let size, let client = fields["ipaddr"] else { return nil }
            event = .shared(size: size, client: client)
        case "DELTE": event = .deleted
        default: return nil
        }
        var line = AuditLine(time: time, digest: digest, basename: RawName(basename), event: event)
        if let text = fields["count"] {
            guard text.utf8.count <= 20, text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }),
                let count = UInt64(text)
            else { return nil }
            if case .shared = event { line.count = count }
        }
        return line
    }

    private static func fields(_ text: [Unicode.Scalar]) -> [String: String]? {
        var fields: [String: String] = [:]
        var field: [Unicode.Scalar] = []
        /// Where in `field` its `=` is.
        var mark: Int?
        var isEscaped = false
        let known: Set = ["hash", "basename", "size", "cmdline", "ipaddr", "count"]
        for scalar in text + [","] {
            if isEscaped {
                guard [",", "=", "\\"].contains(scalar) else { return nil }
                field.append(scalar)
                isEscaped = false
            } else if scalar == "\\", mark != nil {
                isEscaped = true
            } else if scalar == "=" {
                if mark != nil { return nil }
                mark = field.count
            } else if scalar == ",", let end = mark {
                let key = string(field[..<end])
                guard !key.isEmpty, key.utf8.allSatisfy({ $0 >= 97 && $0 <= 122 }) else { return nil }
                if known.contains(key), fields[key] != nil { return nil }
                fields[key] = string(field[end...])
                field = []
                mark = nil
            } else {
                field.append(scalar)
            }
        }
        return isEscaped || !field.isEmpty || mark != nil ? nil : fields
    }

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars)
        return text
    }

    private static func time(_ text: String) -> Int64? {
        let scalars = Array(text.utf8)
        guard scalars.count >= 20, scalars.last == 0x5A else { return nil }
        for (place, byte) in scalars[..<19].enumerated() {
            let pattern: [Int: UInt8] = [4: 0x2D, 7: 0x2D, 10: 0x54, 13: 0x3A, 16: 0x3A]
            if let mark = pattern[place] {
                if byte != mark { return nil }
            } else if byte < 48 || byte > 57 {
                return nil
            }
        }
        let fraction = scalars[19..<(scalars.count - 1)]
        if !fraction.isEmpty {
            guard fraction.first == 0x2E, 2...21 ~= fraction.count,
                fraction.dropFirst().allSatisfy({ $0 >= 48 && $0 <= 57 }),
                UInt64(String(decoding: fraction.dropFirst(), as: UTF8.self)) != nil
            else { return nil }
        }
        let numbers = String(decoding: scalars[..<19], as: UTF8.self).split { !$0.isNumber }.map { CInt($0)! }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (numbers[0] - 1900, numbers[1] - 1, numbers[2])
        guard numbers[0] > 0, numbers[3] < 24, numbers[4] < 60, numbers[5] < 61 else { return nil }
        let (year, month, day) = (parts.tm_year, parts.tm_mon, parts.tm_mday)
        let midnight = timegm(&parts)
        // It moves days that a month does not have to the next one.
        guard parts.tm_year == year, parts.tm_mon == month, parts.tm_mday == day else { return nil }
        return Int64(midnight) + Int64(numbers[3]) * 3600 + Int64(numbers[4]) * 60 + Int64(numbers[5])
    }
}
