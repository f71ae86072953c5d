import PassimCore
import PassimTestKit
import Testing

@testable import PassimDiscovery

struct RecordPlanTests {
    /// In Avahi's place: groups with their digests, and limits.
    private struct Daemon {
        var groups: [RecordPlan.GroupNumber: [Digest]] = [:]
        var mostGroups = Int.max
        var groupSize = 32

        var published: [Digest] { groups.values.flatMap { $0 } }

        /// Does all that the plan wants.
        ///
        /// - Returns: entries that were added.
        @discardableResult
        mutating func follow(_ plan: inout RecordPlan, steps: Int = .max) throws -> Int {
            var entries = 0
            var count = 0
            while count < steps, let step = plan.next() {
                count += 1
                try #require(count < 10_000)
                if step.replaced.isEmpty, groups.count >= mostGroups {
                    plan.full()
                    continue
                }
                let wanted = step.slots.prefix(plan.groupSize)
                let taken = wanted.prefix(groupSize).map { plan.digest($0) }
                entries += taken.count
                for number in step.replaced { groups[number] = nil }
                let refused = taken.count < wanted.count
                if let number = plan.done(step, count: taken.count, refused: refused) {
                    #expect(groups[number] == nil)
                    groups[number] = taken
                } else {
                    #expect(taken.isEmpty)
                }
            }
            return entries
        }
    }

    private func digests(_ numbers: some Sequence<Int>) -> [Digest] {
        numbers.map { Digest(words: (UInt64($0), UInt64($0) &* 0x9E37_79B9_7F4A_7C15, 0, 0)) }
    }

    private func plan(newestFirst numbers: some Sequence<Int>) -> RecordPlan {
        var plan = RecordPlan()
        plan.replace(with: digests(numbers))
        return plan
    }

    @Test func newestComeFirstAndGroupsAreFilled() throws {
        var plan = plan(newestFirst: 0..<100)
        var daemon = Daemon()
        try daemon.follow(&plan, steps: 1)
        #expect(daemon.published == digests(0..<32))
        #expect(plan.placed == 32)
        try daemon.follow(&plan)
        #expect(daemon.groups.count == 4)
        #expect(Set(daemon.published) == Set(digests(0..<100)))
        #expect(daemon.published.count == 100)
        #expect(plan.placed == 100 && plan.waitingCount == 0)
    }

    @Test func whatAppearsMeanwhileGoesBeforeTheRest() throws {
        var plan = plan(newestFirst: 0..<1000)
        var daemon = Daemon()
        try daemon.follow(&plan, steps: 3)
        plan.apply(appeared: digests([5000]), vanished: [])
        try daemon.follow(&plan, steps: 1)
        #expect(daemon.published.contains(digests([5000])[0]))
    }

    @Test func vanishedLeavesAndOthersStay() throws {
        var plan = plan(newestFirst: 0..<320)
        var daemon = Daemon()
        try daemon.follow(&plan)
        plan.apply(appeared: [], vanished: digests([7, 40, 999]))
        #expect(plan.wanted == 318)
        let entries = try daemon.follow(&plan)
        // Two groups anew, not all ten.
        #expect(entries == 62)
        #expect(Set(daemon.published) == Set(digests(0..<320)).subtracting(digests([7, 40])))
    }

    @Test func vanishedThatIsBackBeforeItsTurnChangesNothing() throws {
        var plan = plan(newestFirst: 0..<64)
        var daemon = Daemon()
        try daemon.follow(&plan)
        plan.apply(appeared: [], vanished: digests([7]))
        plan.apply(appeared: digests([7]), vanished: [])
        #expect(try daemon.follow(&plan) == 0)
        #expect(plan.placed == 64)
    }

    @Test func oneByOneDoesNotMakeAGroupEach() throws {
        var plan = RecordPlan()
        var daemon = Daemon()
        for number in 0..<320 {
            plan.apply(appeared: digests([number]), vanished: [])
            try daemon.follow(&plan)
        }
        #expect(daemon.groups.count == 10)
        for number in 0..<320 where number % 32 != 0 {
            plan.apply(appeared: [], vanished: digests([number]))
            try daemon.follow(&plan)
        }
        #expect(daemon.groups.count == 1)
        #expect(daemon.published.count == 10)
    }

    @Test func whereThereIsNoRoomTheOldestAreLeftOut() throws {
        var plan = plan(newestFirst: 0..<100)
        var daemon = Daemon()
        daemon.mostGroups = 3
        daemon.groupSize = 10
        try daemon.follow(&plan)
        #expect(plan.isFull && plan.groupSize == 10)
        #expect(Set(daemon.published) == Set(digests(0..<30)))
        #expect(plan.waitingCount == 70)
        // Newer ones take the place of older ones.
        plan.apply(appeared: digests([1000, 1001]), vanished: [])
        try daemon.follow(&plan)
        #expect(Set(daemon.published) == Set(digests(0..<28) + digests([1000, 1001])))
        // What goes makes room.
        plan.apply(appeared: [], vanished: digests([0, 1, 2, 3]))
        try daemon.follow(&plan)
        #expect(Set(daemon.published) == Set(digests(4..<32) + digests([1000, 1001])))
    }

    @Test func roomThatThereIsAgainIsUsed() throws {
        var plan = plan(newestFirst: 0..<100)
        var daemon = Daemon()
        daemon.mostGroups = 2
        try daemon.follow(&plan)
        #expect(plan.waitingCount == 36)
        daemon.mostGroups = 10
        try daemon.follow(&plan)
        #expect(plan.waitingCount == 36)
        plan.tryAgain()
        try daemon.follow(&plan)
        #expect(plan.waitingCount == 0)
    }

    @Test func allIsDoneAgainWhenAllGroupsAreGone() throws {
        var plan = plan(newestFirst: 0..<100)
        var daemon = Daemon()
        daemon.groupSize = 4
        daemon.mostGroups = 5
        try daemon.follow(&plan)
        plan.apply(appeared: [], vanished: digests([0]))
        plan.startAgain()
        #expect(plan.placed == 0 && plan.wanted == 99 && plan.groupCount == 0 && !plan.isFull)
        daemon = Daemon()
        try daemon.follow(&plan, steps: 1)
        #expect(daemon.published == digests(1...32))
        try daemon.follow(&plan)
        #expect(Set(daemon.published) == Set(digests(1..<100)))
    }

    @Test func replacedListChangesWhatIsDifferent() throws {
        var plan = plan(newestFirst: 0..<100)
        var daemon = Daemon()
        try daemon.follow(&plan)
        plan.replace(with: digests(50..<120))
        #expect(plan.wanted == 70)
        try daemon.follow(&plan)
        #expect(Set(daemon.published) == Set(digests(50..<120)))
    }

    @Test func trimmingLetsTheOldestGo() throws {
        var plan = plan(newestFirst: 0..<100)
        var daemon = Daemon()
        try daemon.follow(&plan, steps: 2)
        #expect(plan.trim(to: 40) == 60)
        #expect(plan.trim(to: 40) == 0)
        try daemon.follow(&plan)
        #expect(Set(daemon.published) == Set(digests(0..<40)))
    }

    // MARK: At random

    @Test(arguments: 0..<20) func everythingThatFitsIsPublishedWhateverHappens(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var plan = RecordPlan()
        var daemon = Daemon()
        /// Wanted digests, oldest first.
        var model: [Digest] = []
        for _ in 0..<120 {
            switch Int.random(in: 0..<12, using: &generator) {
            case 0:
                plan.startAgain()
                daemon.groups = [:]
                daemon.mostGroups = [3, 8, .max].randomElement(using: &generator)!
                daemon.groupSize = [3, 10, 32].randomElement(using: &generator)!
            case 1:
                let limit = Int.random(in: 0..<300, using: &generator)
                let gone = max(0, model.count - limit)
                #expect(plan.trim(to: limit) == gone)
                model.removeFirst(gone)
            case 2:
                model = Array(Set(digests((0..<200).filter { _ in Bool.random(using: &generator) })))
                plan.replace(with: model.reversed())
            default:
                let some = { (count: Int, generator: inout SeededGenerator) in
                    (0..<Int.random(in: 0..<count, using: &generator)).map { _ in
                        Int.random(in: 0..<400, using: &generator)
                    }
                }
                let appeared = digests(some(50, &generator))
                let vanished = digests(some(30, &generator))
                plan.apply(appeared: appeared, vanished: vanished)
                for digest in appeared where !model.contains(digest) { model.append(digest) }
                model.removeAll { vanished.contains($0) }
            }
            // Sometimes more happens before all is done.
            let steps = Bool.random(using: &generator) ? Int.max : Int.random(in: 0..<5, using: &generator)
            try daemon.follow(&plan, steps: steps)
            try check(plan, daemon, model, isDone: steps == .max)
        }
    }

    private func check(_ plan: RecordPlan, _ daemon: Daemon, _ model: [Digest], isDone: Bool) throws {
        let published = daemon.published
        try #require(Set(published).count == published.count)
        try #require(plan.wanted == model.count)
        try #require(plan.groupCount == daemon.groups.count)
        try #require(daemon.groups.values.allSatisfy { !$0.isEmpty && $0.count <= daemon.groupSize })
        try #require(daemon.groups.count <= daemon.mostGroups)
        guard isDone else { return }
        try #require(plan.placed == published.count)
        try #require(Set(published).isSubset(of: model))
        if published.count < model.count {
            // All groups are full, of the newest.
            try #require(plan.isFull)
            try #require(published.count == daemon.mostGroups * plan.groupSize)
        }
    }
}
