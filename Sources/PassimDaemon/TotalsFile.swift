internal import PassimCore
internal import PassimSystem

/// The saved total: a line with the number; and one with how far the audit log tells of it, so that after
/// a crash what the log has more can be added: bytes that it tells of, inode and length of the log.
struct TotalsFile: Equatable {
    var bytes: UInt64
    /// nil if a version that did not note it wrote the number, or if there is no log.
    var logged: Logged?

    struct Logged: Equatable {
        var bytes: UInt64
        var place: AuditMark.Place
    }

    var content: [UInt8] {
        var text = "\(bytes)\n"
        if let logged { text += "\(logged.bytes) \(logged.place.inode) \(logged.place.length)\n" }
        return Array(text.utf8)
    }

    init(bytes: UInt64, logged: Logged?) {
        self.bytes = bytes
        self.logged = logged
    }

    /// - Returns: nil for what holds no number.
    init?(_ content: [UInt8]) {
        let lines = content.split(separator: 0x0A, omittingEmptySubsequences: false)
        guard let first = lines.first, let number = TotalsFile.number(first) else { return nil }
        bytes = number
        if content.count == first.count || content.count == first.count + 1 { return }
        let words = lines[1].split(separator: 0x20, omittingEmptySubsequences: false)
        let numbers = words.compactMap { TotalsFile.number($0) }
        guard lines.count == 3, lines[2].isEmpty, words.count == 3, numbers.count == 3 else { return nil }
        logged = Logged(bytes: numbers[0], place: .init(inode: numbers[1], length: numbers[2]))
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        guard 1...20 ~= digits.count, digits.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        return UInt64(String(decoding: digits, as: UTF8.self))
    }

    /// - Returns: nil where there is no file.
    /// - Throws: `.invalid` where it holds no number.
    static func read(_ path: String) throws(SystemError) -> TotalsFile? {
        guard let content = try readFile(path, limit: 4096) else { return nil }
        guard let file = TotalsFile(content) else {
            throw SystemError(code: .invalid, call: .read, subject: "\(path), which holds no number")
        }
        return file
    }
}
