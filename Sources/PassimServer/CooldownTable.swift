internal import PassimCore
internal import PassimSystem

/// How much of a digest each address has had, and until when it is not sent it again: from when it has had a file's
/// worth of bytes.
///
/// A program that fetches a file in parts, over several connections at one time, asks for parts to the end, though
/// more than the file's size is on its way by then: most of its requests have no end, and are cut off. So parts go
/// on being sent for as long as such a download shows that it lives.
///
/// Bounded: when it is full, the oldest half is forgotten. Forgetting lets a client have a file again,
/// which is cheaper than remembering without end.
final class CooldownTable: Sendable {
    private struct Record {
        /// Bytes since the last cooldown.
        var had: UInt64 = 0
        /// Responses under way.
        var running = 0
        /// When the last response ended.
        var lastEnd: UInt64 = 0
        /// The cooldown's end; 0: there is none.
        var end: UInt64 = 0
    }

    private let records: Lock<RecentTable<ClientDigest, Record>>

    /// Nanoseconds without a response after which a download in parts is over.
    private static let pause: UInt64 = 10_000_000_000
    /// Files' worth of bytes after which it is none, whatever goes on: 16 requests without an end, one for each
    /// sixteenth of a file, are half as many.
    private static let mostOfOneDownload: UInt64 = 16

    init(capacity: Int = 65536) {
        records = Lock(RecentTable(capacity: capacity))
    }

    /// A response with content begins.
    func begin(_ digest: Digest, for address: IPAddress) {
        let key = ClientDigest(address, digest)
        records.withLock { records in
            var record = records[key] ?? Record()
            record.running += 1
            records[key] = record
        }
    }

    /// The response has ended.
    ///
    /// - Parameter weight: of what was sent.
    /// - Parameter size: of the file.
    func end(
        _ digest: Digest, for address: IPAddress, weight: UInt64, size: UInt64, seconds: Int, now: UInt64
    ) {
        let key = ClientDigest(address, digest)
        let length = UInt64(seconds) &* 1_000_000_000
        records.withLock { records in
            var record = records[key] ?? Record()
            record.running = max(0, record.running - 1)
            let isOver = record.end > 0 ? record.end <= now : record.lastEnd &+ length <= now
            if isOver {
                record.had = 0
                record.end = 0
            }
            record.had = record.had.addingReportingOverflow(weight).overflow ? .max : record.had + weight
            record.lastEnd = now
            if record.end == 0, record.had >= Delivery.weight(of: size) { record.end = now &+ length }
            // An address sent nothing needs no record.
            records[key] = record.had == 0 && record.running == 0 ? nil : record
        }
    }

    /// True if a cooldown holds.
    func holds(_ digest: Digest, for address: IPAddress, now: UInt64) -> Bool {
        records.withLock { ($0[ClientDigest(address, digest)]?.end ?? 0) > now }
    }

    /// True if a part may be sent nevertheless: the download that began the cooldown goes on.
    ///
    /// - Parameter size: of the file.
    func letsGoOn(_ digest: Digest, for address: IPAddress, size: UInt64, now: UInt64) -> Bool {
        records.withLock { records in
            guard let record = records[ClientDigest(address, digest)] else { return true }
            let (most, isTooMuch) = size.multipliedReportingOverflow(by: CooldownTable.mostOfOneDownload)
            return (record.running > 0 || now < record.lastEnd &+ CooldownTable.pause)
                && (isTooMuch || record.had < most)
        }
    }
}
