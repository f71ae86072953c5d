/// A path in a command that somebody pastes into a shell.
package enum ShellWord {
    /// The path as one word of sh(1), in quotes where it needs them.
    ///
    /// - Returns: nil where it has characters that nobody should paste, such as ends of lines, or is no UTF-8: there is no
    ///   command for it then.
    package static func quoted(_ path: String) -> String? {
        if path.isEmpty
            || path.unicodeScalars.contains(where: { ForeignText.isHarmful($0) || $0 == "\u{FFFD}" })
        {
            return nil
        }
        // One that begins like this would be an option.
        if path.utf8.first == UInt8(ascii: "-") { return nil }
        let isPlain = path.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B...0x2F, 0x3A, 0x40, 0x5F: true
            default: false
            }
        }
        if isPlain { return path }
        return "'" + path.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
            + "'"
    }

    /// `program` and the path, or nothing.
    package static func command(_ program: String, _ path: String) -> String {
        quoted(path).map { "\(program) \($0)" } ?? ""
    }
}
