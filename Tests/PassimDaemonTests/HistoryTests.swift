import PassimHTTP
import PassimWeb
import Testing

@testable import PassimDaemon

struct HistoryTests {
    private let start: UInt64 = 5_000_000_000
    private let minute: UInt64 = 60_000_000_000
    private let history = History(started: 5_000_000_000)

    /// - Parameter seconds: since the start.
    private func note(_ downloads: UInt64, at seconds: UInt64) {
        history.note(
            .init(downloads: downloads, bytes: downloads * 10, misses: downloads / 2),
            at: start + seconds * 1_000_000_000)
    }

    @Test func beforeAnythingAllIsQuiet() {
        #expect(history.hour() == Activity(samples: Array(repeating: .init(), count: 60), step: 1))
        #expect(history.day() == Activity(samples: Array(repeating: .init(), count: 48), step: 30))
    }

    @Test func eachMinuteHasWhatWasDoneInIt() {
        note(4, at: 60)
        note(10, at: 120)
        note(10, at: 180)
        note(11, at: 190)
        let hour = history.hour().samples
        // The first three minutes and the one that goes on.
        #expect(hour.suffix(4).map(\.downloads) == [4, 6, 0, 1])
        #expect(hour.suffix(4).map(\.bytes) == [40, 60, 0, 10])
        #expect(hour.dropLast(4).allSatisfy { $0 == .init() })
        #expect(history.day().samples.last?.downloads == 11)
    }

    /// The timer fires a little after the end of the minute that it is about.
    @Test func lateTimerCountsForTheMinuteBefore() {
        for number in 1...5 as ClosedRange<UInt64> { note(number * number, at: number * 60 + 3) }
        #expect(history.hour().samples.suffix(6).map(\.downloads) == [1, 3, 5, 7, 9, 0])
    }

    @Test func whatIsOlderThanADayIsForgotten() {
        for number in 1...3000 as ClosedRange<UInt64> { note(number, at: number * 60) }
        #expect(history.hour().samples.dropLast().allSatisfy { $0.downloads == 1 })
        let day = history.day()
        #expect(day.samples.count == 48)
        #expect(day.samples.dropLast().allSatisfy { $0.downloads == 30 })
    }

    @Test func hoursOfSleepAreQuiet() {
        note(5, at: 60)
        note(6, at: 60 + 90 * 60)
        let hour = history.hour().samples
        #expect(hour.map(\.downloads).reduce(0, +) == 1)
        #expect(history.day().samples.map(\.downloads).reduce(0, +) == 6)
        note(7, at: 60 * 60 * 24 * 400)
        #expect(history.day().samples.allSatisfy { $0.downloads == 0 })
        note(9, at: 60 * 60 * 24 * 400 + 30)
        #expect(history.hour().samples.last?.downloads == 2)
    }

    @Test func clockThatGoesBackChangesNothing() {
        note(5, at: 600)
        note(9, at: 300)
        #expect(history.hour().samples.map(\.downloads).reduce(0, +) == 5)
    }
}
