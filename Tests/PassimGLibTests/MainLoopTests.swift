import PassimCore
import PassimTestKit
import Testing

@testable import PassimGLib

struct MainLoopTests {
    @Test func whatIsAskedForIsDoneInOrderBeforeTheEnd() {
        let loop = MainLoop(name: "loop")
        let done = Monitor<[Int]>([])
        for number in 0..<1000 {
            loop.perform { done.withLock { $0.append(number) } }
        }
        loop.stop()
        #expect(done.withLock { $0 } == Array(0..<1000))
    }

    @Test func whatALoopIsAskedForGoesWithIt() {
        weak var held: Held?
        do {
            let object = Held()
            held = object
            let loop = MainLoop(name: "loop")
            loop.perform { [object] in _ = object }
            loop.stop()
            // Not done any more, and let go of with the loop.
            loop.perform { [object] in _ = object }
        }
        #expect(held == nil)
    }

    /// Where there is no NetworkManager, nothing is metered; with one: IntegrationTests.
    @Test func networkMonitorReportsAtOnce() {
        let loop = MainLoop(name: "loop")
        let reported = Monitor<[Bool]>([])
        let monitor = NetworkMonitor(on: loop) { isMetered in reported.withLock { $0.append(isMetered) } }
        #expect(reported.wait(seconds: 60) { $0.first } != nil)
        loop.stop()
        _ = monitor
    }

    private final class Held: Sendable {}
}
