import Testing

@testable import PassimDiscovery

struct AnsweringPolicyTests {
    private func wantsAnswers(_ policy: inout AnsweringPolicy, for count: Int) -> Bool {
        policy.wantsAnswers(for: count)
    }

    @Test func automaticAnswersPastWhatAvahiTakes() {
        var policy = AnsweringPolicy(.automatic, capacity: 30_000)
        #expect(!wantsAnswers(&policy, for: 30_000))
        #expect(wantsAnswers(&policy, for: 30_001))
        // Not to and fro for each file.
        #expect(wantsAnswers(&policy, for: 26_251))
        #expect(!wantsAnswers(&policy, for: 26_250))
        #expect(!wantsAnswers(&policy, for: 30_000))
    }

    @Test func avahiThatTakesFewerRecordsIsRememberedUntilThereIsAnother() {
        var policy = AnsweringPolicy(.automatic, capacity: 30_000)
        policy.recordsAreFull(at: 40)
        #expect(wantsAnswers(&policy, for: 41))
        #expect(!wantsAnswers(&policy, for: 35))
        policy.startAgain()
        #expect(!wantsAnswers(&policy, for: 41))
    }

    @Test func neverAndAlwaysAreThat() {
        var policy = AnsweringPolicy(.never, capacity: 10)
        #expect(!wantsAnswers(&policy, for: 1_000_000))
        policy.answering = .always
        #expect(wantsAnswers(&policy, for: 0))
        policy.answering = .automatic
        #expect(!wantsAnswers(&policy, for: 5))
    }
}
