import PassimCore
import PassimSystem
import Testing

@Suite struct GateTests {
    @Test func whatHasHappenedIsNotWaitedFor() async {
        let gate = Gate()
        gate.open()
        gate.open()
        await gate.wait()
        await gate.wait()
    }

    @Test func waitingTaskGoesOnWhenItHappens() async throws {
        // The two meet in either order.
        for _ in 0..<200 {
            let gate = Gate()
            let thread = try SystemThread(name: "gate") { gate.open() }
            await gate.wait()
            thread.join()
        }
    }
}
