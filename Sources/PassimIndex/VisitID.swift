package import PassimCore

/// The name of a visit: of a comparison of a directory's own files with what is known, from `beginVisit` to
/// `endVisit`.
package struct VisitID: Hashable, Sendable {
    package let directory: DirectoryID
    /// Which of all visits: at one a nanosecond the numbers last 584 years.
    let number: UInt64
}

/// The files that a visit under way has met: one bit for each position of the directory's table, of which there are two or
/// three for each file.
///
/// So a visit costs a known file nothing that lasts, and nothing that could wrap.
final class VisitMarks {
    let number: UInt64
    /// As far as any is met.
    private var words: [UInt64] = []

    init(number: UInt64) {
        self.number = number
    }

    func insert(_ position: UInt32) {
        let word = Int(position >> 6)
        if word >= words.count { words += repeatElement(0, count: word + 1 - words.count) }
        words[word] |= 1 << UInt64(position & 63)
    }

    func contains(_ position: UInt32) -> Bool {
        let word = Int(position >> 6)
        return word < words.count && words[word] & 1 << UInt64(position & 63) != 0
    }

    /// Follows files to other positions. The cleared ones are whole words.
    func follow(_ moves: ExtendibleTable.Moves) {
        let met = moves.values.filter { contains($0.old) }
        for word in Int(moves.cleared.lowerBound >> 6)..<Int(moves.cleared.upperBound >> 6) {
            guard word < words.count else { break }
            words[word] = 0
        }
        for move in met { insert(move.new) }
    }
}
