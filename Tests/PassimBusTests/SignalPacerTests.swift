import Testing

@testable import PassimBus

@Suite struct SignalPacerTests {
    @Test func firstChangeIsToldAtOnceAndTheOthersWhenThePauseIsOver() {
        var pacer = SignalPacer()
        #expect(pacer.change() == .send)
        #expect(pacer.change() == .nothing && pacer.change() == .nothing)
        #expect(pacer.pauseEnded() == .send)
        #expect(pacer.pauseEnded() == .nothing)
        #expect(pacer.change() == .send)
    }
}
