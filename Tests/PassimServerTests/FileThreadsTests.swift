import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimServer

/// Threads that wait for disks: those of one that hangs hold up nobody else's.
@Suite struct FileThreadsTests {
    /// Something that jobs hang in.
    private final class Gate: Sendable {
        private let monitor = Monitor((isOpen: false, inside: 0))

        func pass() {
            monitor.withLock { $0.inside += 1 }
            _ = monitor.wait(seconds: 120) { $0.isOpen ? true : nil }
        }

        func open() { monitor.withLock { $0.isOpen = true } }

        func waitForVisitors(_ count: Int) -> Bool {
            monitor.wait(seconds: 60) { $0.inside >= count ? true : nil } ?? false
        }
    }

    private func limits(_ change: (inout FileThreads.Limits) -> Void = { _ in }) -> FileThreads.Limits {
        var limits = FileThreads.Limits()
        limits.threads = 3
        limits.patience = 3_600_000_000_000
        change(&limits)
        return limits
    }

    @Test func fileSystemThatHangsHoldsUpItsOwnJobsOnly() {
        let threads = FileThreads(limits: limits())
        let gate = Gate()
        for _ in 0..<10 { #expect(threads.begin(on: 1) { gate.pass() } != nil) }
        #expect(gate.waitForVisitors(3))
        #expect(threads.counts == (3, 3))
        let done = Monitor(0)
        for _ in 0..<5 { #expect(threads.begin(on: 2) { done.withLock { $0 += 1 } } != nil) }
        #expect(done.wait(seconds: 60) { $0 == 5 ? true : nil } == true)
        gate.open()
        #expect(gate.waitForVisitors(10))
    }

    @Test func pastTheLimitJobsAreRefusedButThoseOfResponsesUnderWay() {
        let threads = FileThreads(limits: limits { $0.waiting = 4 })
        let gate = Gate()
        for _ in 0..<3 { #expect(threads.begin(on: 1) { gate.pass() } != nil) }
        #expect(gate.waitForVisitors(3))
        for _ in 0..<4 { #expect(threads.begin(on: 1) { gate.pass() } != nil) }
        #expect(threads.begin(on: 1) {} == nil)
        #expect(threads.begin(on: 1, isUnderWay: true) { gate.pass() } != nil)
        gate.open()
        #expect(gate.waitForVisitors(8))
    }

    @Test func fileSystemOfWhichNoThreadComesBackGetsNoMoreJobsUntilOneDoes() {
        let threads = FileThreads(limits: limits { $0.patience = 0 })
        let gate = Gate()
        for number in 1...3 {
            #expect(threads.begin(on: 1) { gate.pass() } != nil)
            #expect(gate.waitForVisitors(number))
        }
        #expect(eventually { threads.begin(on: 1) {} == nil })
        gate.open()
        #expect(eventually { threads.begin(on: 1) {} != nil })
    }

    @Test func jobThatNobodyWaitsForIsNotBegun() throws {
        let threads = FileThreads(limits: limits { $0.threads = 1 })
        let gate = Gate()
        let done = Monitor(0)
        #expect(threads.begin(on: 1) { gate.pass() } != nil)
        #expect(gate.waitForVisitors(1))
        let job = try #require(threads.begin(on: 1) { done.withLock { $0 += 100 } })
        #expect(threads.begin(on: 1) { done.withLock { $0 += 1 } } != nil)
        threads.cancel(job)
        gate.open()
        #expect(done.wait(seconds: 60) { $0 > 0 ? $0 : nil } == 1)
    }

    @Test func manyFileSystemsThatHangLeaveAFewThreadsToAnother() {
        let threads = FileThreads(
            limits: limits {
                $0.allThreads = 6
                $0.fewThreads = 1
            })
        let gate = Gate()
        for device in 1...4 as ClosedRange<UInt64> {
            for _ in 0..<3 { #expect(threads.begin(on: device) { gate.pass() } != nil) }
        }
        #expect(gate.waitForVisitors(8))
        #expect(threads.counts == (8, 8))
        let done = Monitor(0)
        #expect(threads.begin(on: 9) { done.withLock { $0 += 1 } } != nil)
        #expect(done.wait(seconds: 60) { $0 == 1 ? true : nil } == true)
        gate.open()
        #expect(gate.waitForVisitors(12))
    }

    @Test func threadsWithoutWorkEnd() {
        let threads = FileThreads(limits: limits { $0.idle = 1_000_000 })
        #expect(threads.begin(on: 1) {} != nil)
        #expect(eventually { threads.counts == (0, 0) })
    }

    @Test func afterTheEndNothingIsBegun() {
        let threads = FileThreads(limits: limits())
        let gate = Gate()
        let done = Monitor(0)
        for _ in 0..<3 { #expect(threads.begin(on: 1) { gate.pass() } != nil) }
        #expect(gate.waitForVisitors(3))
        #expect(threads.begin(on: 1) { done.withLock { $0 += 1 } } != nil)
        threads.end()
        #expect(threads.hasEnded)
        #expect(threads.begin(on: 2) {} == nil)
        gate.open()
        #expect(eventually { threads.counts == (0, 0) })
        #expect(done.withLock { $0 } == 0)
    }
}
