// From when on attributes are not believed any more.
//
// An attribute says what content a file had when it was written; size and mtime can be put back, and only ctime
// cannot. While the daemon runs it is told of changes, so what has changed since it started is hashed,
// whatever its attributes say. What has not changed since may be believed, whenever it is first seen: an old disk
// that is mounted late, a directory that is renamed into the root's place only if its files are old.

internal import PassimCore
package import PassimSystem
internal import Synchronization

package final class ChecksumEpoch: Sendable {
    /// When this process started, by the time of day.
    let start: Int64
    /// Old stamps are believed of files whose ctime is before this; nil: of none.
    let oldStampsUntil: Timestamp?
    private let clock: TimeSource
    /// Time of day less monotonic time at the start.
    private let offset: Int64
    /// How far the time of day has been set back since: a file that is changed then gets a ctime before the start.
    private let setBack = Atomic<Int64>(0)

    /// - Parameter directory: where the file `first-start` is, or is made, which says when a version that knows new
    ///   stamps was started first; nil: no old stamp is believed.
    package init(directory: String?, clock: TimeSource = .system) {
        self.clock = clock
        let now = clock.now()
        start = now.clampedNanoseconds
        offset = start.subtractingClamped(Int64(clamping: clock.monotonic()))
        oldStampsUntil = directory.flatMap { ChecksumEpoch.firstStart($0 + "/first-start", now) }
    }

    /// True if a file with this ctime has stayed as it is since before the start.
    ///
    /// - Parameter isFirstScan: of the directory that it belongs to. A ctime ahead of now was set by another clock,
    ///   as are all of a network file system: they are believed then, when nobody had reason to make such a file.
    func believes(_ changed: Timestamp, on volume: Volume, isFirstScan: Bool) -> Bool {
        if isFirstScan, volume.isNetwork { return true }
        let now = clock.now().clampedNanoseconds
        let back = offset.subtractingClamped(now.subtractingClamped(Int64(clamping: clock.monotonic())))
        // Less than a tick is the time between the two looks at the clocks.
        let farthest =
            back > Limits.tick
            ? setBack.max(back, ordering: .relaxed).newValue : setBack.load(ordering: .relaxed)
        let time = changed.clampedNanoseconds
        if time < start.subtractingClamped(farthest).subtractingClamped(changed.lag) { return true }
        return isFirstScan && time > now
    }

    /// - Returns: nil where it cannot be read or kept: then the next start would take itself for the first.
    private static func firstStart(_ path: String, _ now: Timestamp) -> Timestamp? {
        do throws(SystemError) {
            if let text = try readFile(path, limit: 100) { return parse(text) }
            let nanoseconds = "\(now.nanoseconds)"
            let padding = String(repeating: "0", count: max(0, 9 - nanoseconds.count))
            try replaceFile(path, with: Array("\(now.seconds).\(padding)\(nanoseconds)\n".utf8))
            return now
        } catch {
            return nil
        }
    }

    /// Seconds since 1970, a point, nine digits, a line end.
    static func parse(_ text: [UInt8]) -> Timestamp? {
        guard text.last == 0x0A else { return nil }
        let parts = text.dropLast().split(separator: 0x2E, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard parts.count == 2, parts[1].utf8.count == 9, let seconds = Int64(parts[0]),
            parts[1].utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let nanoseconds = UInt32(parts[1])
        else { return nil }
        return Timestamp(seconds: seconds, nanoseconds: nanoseconds)
    }
}

extension Timestamp {
    /// Since 1970; three centuries at most.
    var clampedNanoseconds: Int64 {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        return product.addingClamped(Int64(nanoseconds))
    }

    /// By how much a time that the kernel gave a file may be before that of the change: a tick, and two
    /// seconds on a file system that counts by them. Nanoseconds.
    var lag: Int64 { nanoseconds == 0 ? Limits.settleTime + Limits.tick : Limits.tick }
}

extension Int64 {
    func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    func subtractingClamped(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }
}
