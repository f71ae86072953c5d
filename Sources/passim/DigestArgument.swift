internal import ArgumentParser
internal import PassimCore

/// A SHA-256 in 64 hexadecimal digits.
struct DigestArgument {
    let digest: Digest

    /// - Throws: what is wrong with it.
    static func parse(_ argument: String) throws -> DigestArgument {
        if let digest = Digest(hex: argument) { return DigestArgument(digest: digest) }
        throw ValidationError(DigestArgument.complaint(argument))
    }

    static func complaint(_ argument: String) -> String {
        let shown = ForeignText.shown(argument, in: .terminal, limit: 80)
        if let odd = argument.first(where: { !($0.isASCII && $0.isHexDigit) }) {
            return
                "'\(shown)' is not a SHA-256: \(ForeignText.shown("\(odd)", in: .terminal)) is no hexadecimal digit"
        }
        let count = argument.utf8.count
        return "'\(shown)' is not a SHA-256: it has \(count) digit\(count == 1 ? "" : "s"), and 64 are needed"
    }
}
