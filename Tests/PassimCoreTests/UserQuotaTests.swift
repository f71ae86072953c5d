import PassimCore
import Testing

@Suite struct UserQuotaTests {
    private let quota = UserQuota(.init(eachUser: 3, allUsers: 5, root: 2))

    @Test func eachUserAndAllOfThemHaveALimit() {
        #expect((0..<4).map { _ in quota.take(for: 1) } == [true, true, true, false])
        #expect((0..<3).map { _ in quota.take(for: 2) } == [true, true, false])
        #expect(!quota.take(for: 3))
        quota.give(2, for: 1)
        #expect(quota.take(for: 3) && quota.take(for: 3) && !quota.take(for: 3))
        #expect(quota.total == 5)
    }

    @Test func nobodyTakesRootsShare() {
        for user in 1..<9 as Range<UInt32> { _ = quota.take(for: user) }
        #expect(quota.take(2, for: 0))
        #expect(!quota.take(for: 0))
        quota.give(2, for: 0)
        #expect(quota.take(for: 0))
    }

    @Test func whatIsTooMuchTakesNothing() {
        #expect(!quota.take(4, for: 1))
        #expect(quota.take(3, for: 1))
        #expect(quota.total == 3)
    }
}
