import Testing

@testable import PassimFetch

@Suite struct SpeedWatchTests {
    private let second: UInt64 = 1_000_000_000
    private let limits = DownloadLimits()

    @Test func speedThatIsAskedForGrowsWithTheFileAndHasAnEnd() {
        #expect(limits.slowSpeed(missing: 0) == 1024)
        #expect(limits.slowSpeed(missing: 100_000) == 1024)
        #expect(limits.slowSpeed(missing: 1 << 20) == (1 << 20) / 120)
        #expect(limits.slowSpeed(missing: 1 << 40) == 262_144)
        #expect(limits.slowSpeed(missing: .max) == 262_144)
    }

    @Test func nobodyIsJudgedBeforeTheTimeIsUp() {
        var watch = SpeedWatch(limits, bytes: 0, at: 7 * second)
        #expect(watch.slowSpeed(bytes: 0, of: nil, at: 7 * second) == nil)
        #expect(watch.slowSpeed(bytes: 0, of: 1 << 20, at: 12 * second - 1) == nil)
        #expect(watch.slowSpeed(bytes: 6000, of: 1 << 20, at: 12 * second) == 1200)
    }

    @Test func eachPieceOfTimeCountsForItself() {
        var watch = SpeedWatch(limits, bytes: 1000, at: 0)
        // Fast at first, and then at a halt.
        #expect(watch.slowSpeed(bytes: 10_001_000, of: 1 << 30, at: 5 * second) == nil)
        #expect(watch.slowSpeed(bytes: 10_001_000, of: 1 << 30, at: 9 * second) == nil)
        #expect(watch.slowSpeed(bytes: 10_001_000, of: 1 << 30, at: 10 * second) == 0)
        // As fast as is enough.
        #expect(watch.slowSpeed(bytes: 10_001_000 + 5 * 262_144, of: 1 << 30, at: 15 * second) == nil)
    }

    @Test func whatIsBegunAnewIsNotSlowForIt() {
        var watch = SpeedWatch(limits, bytes: 1 << 30, at: 0)
        watch.begin(bytes: 0, at: 5 * second)
        #expect(watch.slowSpeed(bytes: 1 << 20, of: 1 << 30, at: 6 * second) == nil)
        #expect(watch.slowSpeed(bytes: 100 << 20, of: 1 << 30, at: 10 * second) == nil)
        // Fewer bytes than before, and a clock that stands still.
        #expect(watch.slowSpeed(bytes: 0, of: 1 << 30, at: 15 * second) == 0)
        #expect(watch.slowSpeed(bytes: 0, of: 1 << 30, at: 15 * second) == nil)
    }
}
