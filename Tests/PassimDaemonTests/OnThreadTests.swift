import Testing

@testable import PassimDaemon

@Suite struct OnThreadTests {
    @Test func blockingWorkRunsOnAThreadOfItsOwn() async {
        #expect(await onThread("answer") { 6 * 7 } == 42)
    }
}
