internal import PassimCore
internal import PassimSystem
internal import PassimTestKit

/// A file that a program published, and what is to become of it.
struct PublishedItem: Sendable {
    enum End: Sendable {
        /// Until somebody withdraws it.
        case withdrawal
        /// After so many downloads.
        case downloads(Int)
        /// Seconds after it was published.
        case age(Int)
    }

    var name: String
    var content: [UInt8]
    /// How it is handed over.
    var kind: String
    var end: End
    var published: UInt64 = 0

    /// What the daemon gets of it, and its digest.
    var sent: ArraySlice<UInt8> { kind == "offset" ? content.dropFirst(3) : content[...] }
    var digest: Digest { Digest(of: Array(sent)) }

    /// - Parameter number: none has it twice.
    init(number: Int, _ random: inout SeededGenerator) {
        name = "published \(number)"
        // Text: it goes through a program that reads it as such.
        let words = (0..<Int.random(in: 1...20_000, using: &random)).lazy.map { _ in "word" }
        content = Array("\(number) \(random.next()) \(words.joined(separator: " "))\n".utf8)
        kind = random.pick(["file", "offset", "pipe", "socket", "memfd"])
        end =
            switch Int.random(in: 0..<3, using: &random) {
            case 0: .withdrawal
            case 1: .downloads(Int.random(in: 1...4, using: &random))
            default: .age(Int.random(in: 2...15, using: &random))
            }
    }

    /// `a{sv}` in GVariant's text form.
    var attributes: String {
        let limits =
            switch end {
            case .withdrawal: "'share-limit': <uint32 1000000>"
            case .downloads(let count): "'share-limit': <uint32 \(count)>"
            case .age(let seconds): "'max-age': <uint32 \(seconds)>, 'share-limit': <uint32 1000000>"
            }
        return "{'filename': <'\(name)'>, \(limits)}"
    }

    /// Whether it is there: nil where it is about to go.
    func isThere(now: UInt64 = monotonicNanoseconds()) -> Bool? {
        guard case .age(let seconds) = end else { return true }
        let age = Double(now - published) / 1e9
        // When it was published is known to be after the daemon did it.
        if age < Double(seconds) - 5 { return true }
        return age > Double(seconds) + 5 ? false : nil
    }
}
