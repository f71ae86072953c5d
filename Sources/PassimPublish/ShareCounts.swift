// The counts of whole downloads, which outlive the process: a file of lines `<sha256> <count>`, replaced as a
// whole each time.

internal import PassimCore
internal import PassimSystem

enum ShareCounts {
    /// Bytes: some hundred thousand items.
    static let longest = 1 << 25

    struct Reading: Equatable {
        var counts: [Digest: UInt32] = [:]
        /// The first line that is none, counted from 1, and how many there are.
        var firstBad: Int?
        var badCount = 0
    }

    static func text(_ counts: [Digest: UInt32]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(counts.count * (Digest.hexCount + 12))
        for (digest, count) in counts.sorted(by: { $0.key < $1.key }) {
            bytes.append(contentsOf: "\(digest.hex) \(count)\n".utf8)
        }
        return bytes
    }

    /// Torn and malformed lines are passed over. Of two lines with one digest the larger count holds.
    static func parse(_ bytes: [UInt8]) -> Reading {
        var reading = Reading()
        var rest = bytes[...]
        var number = 0
        while !rest.isEmpty {
            number += 1
            let end = rest.firstIndex(of: 0x0A)
            if let end, let (digest, count) = parse(line: rest[..<end]) {
                reading.counts[digest] = max(reading.counts[digest] ?? 0, count)
            } else {
                // A line without an end was torn, and may have lost digits.
                reading.firstBad = reading.firstBad ?? number
                reading.badCount += 1
            }
            rest = end.map { rest[($0 + 1)...] } ?? []
        }
        return reading
    }

    private static func parse(line: ArraySlice<UInt8>) -> (Digest, UInt32)? {
        guard line.count > Digest.hexCount + 1, line[line.startIndex + Digest.hexCount] == 0x20,
            let digest = line.prefix(Digest.hexCount).withUnsafeBytes({ Digest(hex: $0) })
        else { return nil }
        let digits = line.dropFirst(Digest.hexCount + 1)
        guard digits.count <= 10, digits.allSatisfy({ 0x30...0x39 ~= $0 }),
            let count = UInt32(String(decoding: digits, as: UTF8.self))
        else { return nil }
        return (digest, count)
    }
}
