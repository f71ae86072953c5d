import PassimConfig
import PassimCore
import Testing

@testable import PassimDaemon

private let second: UInt64 = 1_000_000_000

@Suite struct AuditRepeatsTests {
    private func record(_ time: Int64, client: UInt32 = 1, digest: UInt64 = 1, size: UInt64 = 100)
        -> AuditRecord
    {
        AuditRecord(
            time: time, digest: Digest(words: (digest, 2, 3, 4)), basename: RawName("file"), size: size,
            event: .shared(IPAddress(ipv4: client)))
    }

    /// Takes so many, and tells how many had lines of their own.
    private func take(
        _ count: Int, _ repeats: inout AuditRepeats, at time: Int64, client: UInt32 = 1, digest: UInt64 = 1
    ) -> Int {
        (0..<count).count { _ in
            repeats.take(
                record(time, client: client, digest: digest), .full, at: UInt64(time) * second) != nil
        }
    }

    private func due(_ repeats: inout AuditRepeats, at time: Int64) -> [AuditLine] {
        repeats.takeDue(at: UInt64(time) * second)
    }

    @Test func tenASecondHaveLinesOfTheirOwn() {
        var repeats = AuditRepeats()
        for time in 0..<100 as Range<Int64> { #expect(take(10, &repeats, at: time) == 10) }
        #expect(repeats.isEmpty && !repeats.hasChanged && repeats.nextDue == nil)
    }

    @Test func whatIsMoreIsOneLineAMinute() {
        var repeats = AuditRepeats()
        #expect(take(100, &repeats, at: 7) == 10)
        #expect(take(1000, &repeats, at: 8) == 0)
        #expect(take(1, &repeats, at: 50) == 0)
        #expect(repeats.nextDue == 67 * second && repeats.hasChanged)
        #expect(due(&repeats, at: 66).isEmpty)
        let lines = due(&repeats, at: 67)
        #expect(lines.count == 1 && lines[0].time == 7 && lines[0].count == 1091)
        #expect(lines[0].event == .shared(size: 109_100, client: "0.0.0.1"))
        #expect(repeats.isEmpty)
        // And begins anew.
        #expect(take(11, &repeats, at: 67) == 10)
    }

    @Test func othersAreNotMerged() {
        var repeats = AuditRepeats()
        #expect(take(30, &repeats, at: 1) == 10)
        #expect(take(10, &repeats, at: 1, client: 2) == 10)
        #expect(take(10, &repeats, at: 1, digest: 2) == 10)
        let deleted = AuditRecord(
            time: 1, digest: Digest(words: (1, 2, 3, 4)), basename: RawName("file"), size: 0, event: .deleted)
        for _ in 0..<30 { #expect(repeats.take(deleted, .full, at: second)?.event == .deleted) }
        #expect(repeats.lines.count == 1)
    }

    /// Nothing is lost, whatever comes.
    @Test func sizesOfAllLinesAreTheSumOfAllSizes() {
        var numbers = SeededNumbers()
        var repeats = AuditRepeats()
        var (sent, told) = (0 as UInt64, 0 as UInt64)
        func tell(_ lines: [AuditLine]) {
            for line in lines { if case .shared(let size, _) = line.event { told += size } }
        }
        for step in 0..<20_000 {
            let time = Int64(step / 100)
            let size = UInt64(step % 1000)
            sent += size
            let line = repeats.take(
                record(time, client: numbers.next(5), digest: UInt64(numbers.next(3)), size: size), .full,
                at: UInt64(time) * second)
            tell(line.map { [$0] } ?? [])
            tell(due(&repeats, at: time))
        }
        tell(repeats.takeDue(at: .max))
        #expect(sent == told)
    }

    @Test func noMoreIsHeldThanTheLimit() {
        var repeats = AuditRepeats()
        for client in 0..<2000 as Range<UInt32> { _ = take(12, &repeats, at: 1, client: client) }
        #expect(repeats.lines.count == AuditRepeats.mostHeld)
        #expect(take(5, &repeats, at: 1, client: 1999) == 5)
    }

    private struct SeededNumbers {
        private var state: UInt64 = 42
        mutating func next(_ limit: UInt64) -> UInt32 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt32((state >> 33) % limit)
        }
    }
}
