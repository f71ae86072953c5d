/// Writes a DNS message of a bounded size, with names compressed (RFC 1035, 4.1.4; RFC 6762, 18.14).
struct DNSWriter {
    private(set) var bytes: [UInt8]
    private let limit: Int
    /// Ends of names that are in the message, and where: a later name may point there.
    private var known: [(name: ArraySlice<UInt8>, place: UInt16)] = []
    private(set) var questionCount: UInt16 = 0
    private(set) var answerCount: UInt16 = 0

    /// A pointer has 14 bits.
    private static let farthest = 0x3FFF

    /// - Parameter limit: bytes, more than the head.
    init(identifier: UInt16 = 0, flags: UInt16, limit: Int) {
        self.limit = limit
        bytes = []
        bytes.reserveCapacity(limit)
        append(identifier)
        append(flags)
        for _ in 0..<4 { append(0 as UInt16) }
    }

    /// Before any answer.
    ///
    /// - Returns: false where there is no room; nothing is written then.
    mutating func add(_ question: DNSMessage.Question) -> Bool {
        attempt { writer in
            writer.append(question.name)
            writer.append(question.type)
            let topBit = question.wantsUnicast ? DNSMessage.RecordClass.topBit : 0
            writer.append(question.questionClass | topBit)
            writer.questionCount += 1
            writer.replaceWord(at: 4, with: writer.questionCount)
        }
    }

    /// A shared record: the cache-flush bit is never set (RFC 6762, 10.2).
    ///
    /// - Returns: false where there is no room; nothing is written then.
    mutating func add(_ answer: DNSMessage.Pointer) -> Bool {
        attempt { writer in
            writer.append(answer.name)
            writer.append(DNSMessage.RecordType.pointer)
            writer.append(answer.recordClass)
            writer.append(UInt16(answer.lifetime >> 16))
            writer.append(UInt16(truncatingIfNeeded: answer.lifetime))
            let place = writer.bytes.count
            writer.append(0 as UInt16)
            writer.append(answer.target)
            writer.replaceWord(at: place, with: UInt16(writer.bytes.count - place - 2))
            writer.answerCount += 1
            writer.replaceWord(at: 6, with: writer.answerCount)
        }
    }

    private mutating func attempt(_ body: (inout DNSWriter) -> Void) -> Bool {
        let (size, names) = (bytes.count, known.count)
        let counts = (questionCount, answerCount)
        body(&self)
        guard bytes.count > limit else { return true }
        bytes.removeLast(bytes.count - size)
        known.removeLast(known.count - names)
        (questionCount, answerCount) = counts
        replaceWord(at: 4, with: questionCount)
        replaceWord(at: 6, with: answerCount)
        return false
    }

    private mutating func append(_ word: UInt16) {
        bytes.append(UInt8(word >> 8))
        bytes.append(UInt8(truncatingIfNeeded: word))
    }

    private mutating func append(_ name: DNSName) {
        var rest = name.bytes[...]
        while let length = rest.first, length != 0 {
            // The case is kept, so it must be the same.
            if let before = known.first(where: { $0.name == rest }) {
                append(0xC000 | before.place)
                return
            }
            if bytes.count <= DNSWriter.farthest { known.append((rest, UInt16(bytes.count))) }
            bytes.append(contentsOf: rest.prefix(1 + Int(length)))
            rest = rest.dropFirst(1 + Int(length))
        }
        bytes.append(0)
    }

    private mutating func replaceWord(at place: Int, with word: UInt16) {
        bytes[place] = UInt8(word >> 8)
        bytes[place + 1] = UInt8(truncatingIfNeeded: word)
    }
}
