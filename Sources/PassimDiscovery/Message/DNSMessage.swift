/// The parts of a DNS message (RFC 1035, 4) that a responder reads: its head, its questions, and the PTR
/// records among its answers. Other records, authority and additional records are passed over.
struct DNSMessage: Equatable {
    struct Question: Equatable {
        var name: DNSName
        var type: UInt16
        /// Without the top bit.
        var questionClass: UInt16
        /// The QU bit: the answer may come to the asker alone (RFC 6762, 5.4).
        var wantsUnicast: Bool
    }

    struct Pointer: Equatable {
        var name: DNSName
        var target: DNSName
        /// Without the top bit, which mDNS has for something else.
        var recordClass: UInt16
        /// Seconds.
        var lifetime: UInt32
    }

    var identifier: UInt16
    var flags: UInt16
    var questions: [Question] = []
    var answers: [Pointer] = []

    /// Masks of the 16 bits of flags.
    enum Flags {
        static let response: UInt16 = 0x8000
        static let authoritative: UInt16 = 0x0400
        static let truncated: UInt16 = 0x0200
        static let operation: UInt16 = 0x7800
        static let responseCode: UInt16 = 0x000F
    }

    enum RecordType {
        static let pointer: UInt16 = 12
        static let any: UInt16 = 255
    }

    enum RecordClass {
        static let internet: UInt16 = 1
        static let any: UInt16 = 255
        /// QU in questions, cache-flush in records (RFC 6762, 18.12 and 18.13).
        static let topBit: UInt16 = 0x8000
    }

    static let headSize = 12
    /// Questions and answers of one message that are looked at: a sender's 9000 bytes cost no more than this.
    static let mostEntries = 512

    var isResponse: Bool { flags & Flags.response != 0 }
    /// TC: in a query, more known answers follow (RFC 6762, 18.5).
    var isTruncated: Bool { flags & Flags.truncated != 0 }
    /// True for a standard query without an error: others are ignored (RFC 6762, 18.3 and 18.11).
    var isOrdinary: Bool { flags & (Flags.operation | Flags.responseCode) == 0 }
}
