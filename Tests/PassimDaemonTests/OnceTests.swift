import PassimCore
import PassimSystem
import Testing

@testable import PassimDaemon

@Suite struct OnceTests {
    @Test func whatHasHappenedIsNotWaitedFor() async {
        let once = Once()
        once.happen()
        once.happen()
        await once.wait()
        await once.wait()
    }

    @Test func waitingTaskGoesOnWhenItHappens() async throws {
        // The two meet in either order.
        for _ in 0..<200 {
            let once = Once()
            let thread = try SystemThread(name: "once") { once.happen() }
            await once.wait()
            thread.join()
        }
    }

    @Test func blockingWorkRunsOnAThreadOfItsOwn() async {
        #expect(await onThread("answer") { 6 * 7 } == 42)
    }
}
