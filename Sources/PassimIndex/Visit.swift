package import PassimCore

/// A comparison of a directory's own files with what is known, from `beginVisit` to `endVisit`.
package struct Visit: Hashable, Sendable {
    package let directory: DirectoryID
    /// Which of all visits: at one a nanosecond the numbers last 584 years.
    let number: UInt64
}

/// The files that a visit under way has met: one bit for each slot of the directory's table.
///
/// So a visit costs a known file nothing that lasts, and nothing that could wrap.
final class VisitMarks {
    let number: UInt64
    private var words: [UInt64]

    /// - Parameter capacity: of the directory's table.
    init(number: UInt64, capacity: UInt32) {
        self.number = number
        words = VisitMarks.none(capacity)
    }

    func insert(_ position: UInt32) { words[Int(position >> 6)] |= 1 << UInt64(position & 63) }

    func contains(_ position: UInt32) -> Bool { words[Int(position >> 6)] & 1 << UInt64(position & 63) != 0 }

    /// Follows the table to new positions.
    ///
    /// - Parameter moves: where each file was, and where it is.
    func move(to capacity: UInt32, _ moves: [(old: UInt32, new: UInt32)]) {
        let old = words
        words = VisitMarks.none(capacity)
        for move in moves where old[Int(move.old >> 6)] & 1 << UInt64(move.old & 63) != 0 { insert(move.new) }
    }

    private static func none(_ capacity: UInt32) -> [UInt64] {
        Array(repeating: 0, count: Int(capacity / 64) + 1)
    }
}
