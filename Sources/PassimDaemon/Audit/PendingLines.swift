internal import PassimCore

/// Lines that wait to be written, with what they say was sent.
struct PendingLines {
    private(set) var bytes: [UInt8] = []
    /// Ends of lines about shares, and their bytes sent.
    private var shares: [(end: Int, size: UInt64)] = []

    var isEmpty: Bool { bytes.isEmpty }
    var lineCount: UInt64 { UInt64(bytes.count { $0 == 0x0A }) }

    mutating func append(_ line: AuditLine) {
        line.append(to: &bytes)
        if case .shared(let size, _) = line.event { shares.append((bytes.count, size)) }
    }

    mutating func reserve(lines: Int) {
        bytes.reserveCapacity(bytes.count + lines * 192)
    }

    /// The length of the longest beginning of whole lines that has `room`; of the first line at least.
    func length(within room: UInt64) -> Int {
        if UInt64(bytes.count) <= room { return bytes.count }
        if let end = bytes[..<Int(room)].lastIndex(of: 0x0A) { return end + 1 }
        return bytes.firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count
    }

    /// - Parameter isLastLost: the last of these lines was not written whole.
    /// - Returns: bytes sent, by the lines that were written.
    mutating func removeFirst(_ count: Int, isLastLost: Bool) -> UInt64 {
        var sum: UInt64 = 0
        var passed = 0
        while passed < shares.count, shares[passed].end <= count {
            if shares[passed].end < count || !isLastLost { sum &+= shares[passed].size }
            passed += 1
        }
        if count == bytes.count {
            // The next batch is as long, mostly.
            bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 20)
            shares.removeAll(keepingCapacity: shares.capacity <= 1 << 14)
        } else {
            bytes.removeFirst(count)
            shares = shares[passed...].map { ($0.end - count, $0.size) }
        }
        return sum
    }
}
