internal import PassimCore
internal import PassimHTTP

extension AuditLine {
    /// - Parameter line: without its line end.
    /// - Returns: nil for what is malformed, not UTF-8, or of a type that is not known. Keys that are not known
    ///   are passed over; the known ones may come in any order, each once.
    package init?(_ line: UnsafeRawBufferPointer) {
        // A time has 20 characters at least, a type 5.
        guard line.count > 27, AuditLine.isText(line) else { return nil }
        let bytes = line[...]
        guard let first = bytes.firstIndex(of: 0x20),
            let second = bytes[(first + 1)...].firstIndex(of: 0x20),
            let time = AuditLine.time(bytes[..<first])
        else { return nil }
        var fields = Fields()
        guard AuditText.forEachField(bytes[(second + 1)...], { fields.take($0, $1) }),
            let digest = fields.digest, let basename = fields.basename,
            let event = fields.event(type: bytes[(first + 1)..<second])
        else { return nil }
        self.init(time: time, digest: digest, basename: RawName(bytes: basename), event: event)
        if case .shared = event { count = fields.count }
    }

    package init?(_ line: [UInt8]) {
        guard let parsed = line.withUnsafeBytes({ AuditLine($0) }) else { return nil }
        self = parsed
    }

    private struct Fields {
        var digest: Digest?
        var basename: [UInt8]?
        var size: UInt64?
        var cmdline: [UInt8]?
        var client: [UInt8]?
        var count: UInt64?

        /// - Returns: false for a key that was there before, or a value that is none.
        mutating func take(_ key: Slice<UnsafeRawBufferPointer>, _ value: [UInt8]) -> Bool {
            func isKey(_ name: StaticString) -> Bool {
                key.elementsEqual(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
            }
            func put<Value>(_ new: Value?, _ place: inout Value?) -> Bool {
                guard let new, place == nil else { return false }
                place = new
                return true
            }
            if isKey("hash") { return put(value.withUnsafeBytes { Digest(hex: $0) }, &digest) }
            if isKey("basename") { return put(value, &basename) }
            if isKey("size") { return put(AuditLine.number(value[...]), &size) }
            if isKey("cmdline") { return put(value, &cmdline) }
            if isKey("ipaddr") { return put(value, &client) }
            if isKey("count") { return put(AuditLine.number(value[...]), &count) }
            return true
        }

        func event(type: Slice<UnsafeRawBufferPointer>) -> Event? {
            func isType(_ name: String) -> Bool { type.elementsEqual(name.utf8) }
            if isType("PBLSH"), let size, let cmdline {
                return .published(size: size, cmdline: String(decoding: cmdline, as: UTF8.self))
            }
            if isType("SHARE"), let size, let client {
                return .shared(size: size, client: String(decoding: client, as: UTF8.self))
            }
            return isType("DELTE") ? .deleted : nil
        }
    }

    private static func isText(_ line: UnsafeRawBufferPointer) -> Bool {
        var all: UInt8 = 0
        for byte in line {
            if byte < 0x20 || byte == 0x7F { return false }
            all |= byte
        }
        return all < 0x80 || String(validating: line, as: UTF8.self) != nil
    }

    private static func number<Digits: Collection<UInt8>>(_ digits: Digits) -> UInt64? {
        guard 1...20 ~= digits.count else { return nil }
        var number: UInt64 = 0
        for byte in digits {
            guard 0x30...0x39 ~= byte else { return nil }
            let (product, over) = number.multipliedReportingOverflow(by: 10)
            let (sum, tooMuch) = product.addingReportingOverflow(UInt64(byte - 0x30))
            if over || tooMuch { return nil }
            number = sum
        }
        return number
    }

    /// `2026-01-31T23:59:59Z`; the stock daemon may write a fraction of a second, which is cut off.
    private static func time(_ text: Slice<UnsafeRawBufferPointer>) -> Int64? {
        let start = text.startIndex
        guard text.count >= 20, text.last == UInt8(ascii: "Z") else { return nil }
        for (offset, mark) in zip([4, 7, 10, 13, 16], "--T::".utf8) where text[start + offset] != mark {
            return nil
        }
        let fraction = text[(start + 19)...].dropLast()
        if let point = fraction.first {
            guard point == UInt8(ascii: "."), number(fraction.dropFirst()) != nil else { return nil }
        }
        func part(_ offset: Int, _ count: Int) -> Int? {
            number(text[(start + offset)..<(start + offset + count)]).map { Int($0) }
        }
        guard let year = part(0, 4), let month = part(5, 2), let day = part(8, 2), let hour = part(11, 2),
            let minute = part(14, 2), let second = part(17, 2), hour < 24, minute < 60, second < 61,
            let midnight = CivilTime.midnight(year: year, month: month, day: day)
        else { return nil }
        return midnight + Int64(hour * 3600 + minute * 60 + second)
    }
}
