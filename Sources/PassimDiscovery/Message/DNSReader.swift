/// Reads a DNS message from its beginning to its end. Whatever it is given, a name costs at most 255 bytes and
/// `mostJumps` pointers.
struct DNSReader {
    private let packet: UnsafeRawBufferPointer
    private(set) var position = 0

    /// Each pointer leads to an earlier place, so that names end; a chain of pointers to pointers would be
    /// long all the same.
    static let mostJumps = 32

    init(_ packet: UnsafeRawBufferPointer) {
        self.packet = packet
    }

    mutating func readWord() -> UInt16? {
        guard packet.count - position >= 2 else { return nil }
        defer { position += 2 }
        return UInt16(packet[position]) << 8 | UInt16(packet[position + 1])
    }

    mutating func readDoubleWord() -> UInt32? {
        guard packet.count - position >= 4, let high = readWord(), let low = readWord() else { return nil }
        return UInt32(high) << 16 | UInt32(low)
    }

    /// - Returns: false where there are not so many bytes.
    mutating func skip(_ count: Int) -> Bool {
        guard packet.count - position >= count else { return false }
        position += count
        return true
    }

    /// A name, with what its pointers point to (RFC 1035, 4.1.4) in their place.
    mutating func readName() -> DNSName? {
        var bytes: [UInt8] = []
        var place = position
        // The start of the labels that are being read: a pointer leads to before them.
        var start = position
        var jumps = 0
        while place < packet.count {
            let length = packet[place]
            switch length >> 6 {
            case 0:
                let end = place + 1 + Int(length)
                guard end <= packet.count, bytes.count + 1 + Int(length) <= DNSName.longest else {
                    return nil
                }
                bytes.append(contentsOf: packet[place..<end])
                place = end
                if length == 0 {
                    if jumps == 0 { position = place }
                    return DNSName(unchecked: bytes)
                }
            case 3:
                guard place + 1 < packet.count else { return nil }
                if jumps == 0 { position = place + 2 }
                let target = Int(length & 0x3F) << 8 | Int(packet[place + 1])
                jumps += 1
                guard target < start, jumps <= DNSReader.mostJumps else { return nil }
                start = target
                place = target
            default: return nil
            }
        }
        return nil
    }
}
