// Which digests are in which entry group, and what is to be done next so that all of them are in one. It
// knows nothing of Avahi: it says what a new group is to hold and which groups it takes the place of, and is
// told how that went.

internal import PassimCore

struct RecordPlan {
    typealias Slot = DigestTable.Slot
    /// A number of the plan's, given out anew after the group is gone.
    typealias GroupNumber = Int

    struct Step: Equatable {
        /// In this order; empty where groups are let go and nothing takes their place.
        var slots: [Slot]
        /// Freed once the new one is committed: a digest that stays answers all the time.
        var replaced: [GroupNumber]
        /// How many of `slots` are in no group yet: the newest of those that wait.
        var fresh: Int
    }

    private struct Group {
        var members: [Slot]
        /// How many of them have vanished since.
        var vanished = 0
    }

    /// The most entries that a group takes: 32 as distributions configure avahi-daemon, fewer once one was
    /// refused.
    private(set) var groupSize: Int
    private var table = DigestTable()
    /// When it came, as a count: larger is newer. By slot.
    private var ages: [UInt64] = []
    /// The group it is in, or `nowhere`; the top bit is set where it is there and has vanished. By slot.
    private var places: [UInt32] = []
    private var groups: [Group?] = []
    private var vacantGroups: [GroupNumber] = []
    /// Groups with members that have vanished; some may be gone or in order since.
    private var dirty: [GroupNumber] = []
    /// Digests that are in no group, oldest first.
    private var waiting: [Slot] = []
    private var vanishedCount = 0
    private var clock: UInt64 = 0
    /// There can be no more groups than there are.
    private(set) var isFull = false

    private static let nowhere: UInt32 = 0x7FFF_FFFF
    private static let vanishedBit: UInt32 = 0x8000_0000

    init(groupSize: Int = 32) {
        self.groupSize = groupSize
    }

    /// Digests that are to be found.
    var wanted: Int { table.count - vanishedCount }
    var waitingCount: Int { waiting.count }
    /// Digests that are in a group and are to be.
    var placed: Int { wanted - waiting.count }
    /// Nothing is in it, and nothing was.
    var isBlank: Bool { table.slotCount == 0 }
    var groupCount: Int { groups.count - vacantGroups.count }

    func digest(_ slot: Slot) -> Digest { table.digests[Int(slot)] }

    // MARK: - What is wanted

    /// - Parameter appeared: the newest last.
    mutating func apply(appeared: [Digest], vanished: [Digest]) {
        for digest in appeared { insert(digest) }
        remove(vanished.compactMap { table.slot(of: $0) })
    }

    /// Makes these, newest first, all there is.
    mutating func replace(with newest: [Digest]) {
        let base = clock
        clock += UInt64(newest.count)
        var kept = [Bool](repeating: false, count: table.slotCount + newest.count)
        for (position, digest) in newest.enumerated() {
            let slot = insert(digest)
            kept[Int(slot)] = true
            ages[Int(slot)] = base + UInt64(newest.count - position)
        }
        let gone = table.digests.indices.filter { index in
            !kept[index] && table.slot(of: table.digests[index]) == Slot(index)
        }
        remove(gone.map { Slot($0) })
        waiting.sort { ages[Int($0)] < ages[Int($1)] }
    }

    /// Lets the oldest go where there are more than so many.
    ///
    /// - Returns: how many went.
    mutating func trim(to limit: Int) -> Int {
        guard wanted > limit else { return 0 }
        let slots = table.digests.indices.map { Slot($0) }.filter { isWanted($0) }
        let oldest = slots.sorted { ages[Int($0)] < ages[Int($1)] }.prefix(wanted - limit)
        remove(Array(oldest))
        return oldest.count
    }

    private func isWanted(_ slot: Slot) -> Bool {
        places[Int(slot)] & RecordPlan.vanishedBit == 0 && table.slot(of: digest(slot)) == slot
    }

    @discardableResult
    private mutating func insert(_ digest: Digest) -> Slot {
        clock += 1
        if let slot = table.slot(of: digest) {
            let place = places[Int(slot)]
            if place & RecordPlan.vanishedBit != 0 {
                // It is back before its group was made anew.
                places[Int(slot)] = place & ~RecordPlan.vanishedBit
                ages[Int(slot)] = clock
                groups[Int(place & ~RecordPlan.vanishedBit)]!.vanished -= 1
                vanishedCount -= 1
            }
            return slot
        }
        let slot = table.insert(digest)
        if Int(slot) == ages.count {
            ages.append(clock)
            places.append(RecordPlan.nowhere)
        } else {
            ages[Int(slot)] = clock
            places[Int(slot)] = RecordPlan.nowhere
        }
        waiting.append(slot)
        return slot
    }

    private mutating func remove(_ slots: [Slot]) {
        var wereWaiting: Set<Slot> = []
        for slot in slots {
            let place = places[Int(slot)]
            if place == RecordPlan.nowhere {
                wereWaiting.insert(slot)
            } else if place & RecordPlan.vanishedBit == 0 {
                places[Int(slot)] = place | RecordPlan.vanishedBit
                vanishedCount += 1
                let group = Int(place)
                if groups[group]!.vanished == 0 { dirty.append(group) }
                groups[group]!.vanished += 1
            }
        }
        guard !wereWaiting.isEmpty else { return }
        waiting.removeAll { wereWaiting.contains($0) }
        for slot in wereWaiting { table.remove(slot) }
    }

    // MARK: - What is to be done

    /// The next step; nil if all is as well as it can be. The same again until it is told what became of it.
    mutating func next() -> Step? {
        if let step = stepForVanished() { return step }
        guard let newest = waiting.last else { return nil }
        if !isFull { return filled(Step(slots: [], replaced: [], fresh: 0)) }
        return stepWhereFull(newest)
    }

    private mutating func stepForVanished() -> Step? {
        while let group = dirty.last, groups[group].map({ $0.vanished == 0 }) ?? true { dirty.removeLast() }
        guard let first = dirty.last else { return nil }
        var step = Step(slots: [], replaced: [], fresh: 0)
        take(first, into: &step)
        // A few of the others, as long as all fits into one group.
        for group in dirty.dropLast().reversed().prefix(16) where !step.replaced.contains(group) {
            guard let candidate = groups[group], candidate.vanished > 0 else { continue }
            if step.slots.count + candidate.members.count - candidate.vanished <= groupSize {
                take(group, into: &step)
            }
        }
        return filled(step)
    }

    private func take(_ group: GroupNumber, into step: inout Step) {
        step.slots += groups[group]!.members.filter { places[Int($0)] & RecordPlan.vanishedBit == 0 }
        step.replaced.append(group)
    }

    /// Fills up with what waits, newest first, then with groups that are small enough.
    private func filled(_ step: Step) -> Step {
        var step = step
        step.fresh = min(max(0, groupSize - step.slots.count), waiting.count)
        step.slots += waiting.suffix(step.fresh).reversed()
        guard !step.slots.isEmpty else { return step }
        for (number, group) in groups.enumerated() where step.slots.count < groupSize {
            guard let group, group.vanished == 0, !step.replaced.contains(number),
                step.slots.count + group.members.count <= groupSize
            else { continue }
            step.slots += group.members
            step.replaced.append(number)
        }
        return step
    }

    private func stepWhereFull(_ newest: Slot) -> Step? {
        // Room in a group that is there.
        let partial = groups.indices.filter { groups[$0].map { $0.members.count < groupSize } ?? false }
        if let roomiest = partial.min(by: { groups[$0]!.members.count < groups[$1]!.members.count }) {
            var step = Step(slots: [], replaced: [], fresh: 0)
            take(roomiest, into: &step)
            return filled(step)
        }
        // The place of one that is older.
        let oldest = groups.indices.compactMap { number in
            groups[number]?.members.map { ages[Int($0)] }.min().map { (age: $0, number: number) }
        }.min { $0.age < $1.age }
        guard let oldest, oldest.age < ages[Int(newest)] else { return nil }
        var step = Step(slots: [], replaced: [], fresh: 0)
        take(oldest.number, into: &step)
        step.fresh = min(groupSize, waiting.count)
        step.slots = (step.slots + waiting.suffix(step.fresh)).sorted { ages[Int($0)] > ages[Int($1)] }
        return step
    }

    // MARK: - What became of it

    /// The first `count` of the step's slots are in a new group, and what it replaced is freed.
    ///
    /// - Parameter count: 0 for a step without slots. Fewer than there are where the group took no more; the
    ///   size of groups is known from then on.
    /// - Parameter refused: whether an entry was refused for the number of those that are there.
    /// - Returns: the new group's number; nil where there is none.
    mutating func done(_ step: Step, count: Int, refused: Bool = false) -> GroupNumber? {
        waiting.removeLast(step.fresh)
        for number in step.replaced {
            for slot in groups[number]!.members {
                if places[Int(slot)] & RecordPlan.vanishedBit != 0 {
                    table.remove(slot)
                    vanishedCount -= 1
                }
                places[Int(slot)] = RecordPlan.nowhere
            }
            groups[number] = nil
            vacantGroups.append(number)
        }
        if refused { groupSize = max(1, min(groupSize, count)) }
        let left = step.slots[count...]
        if !left.isEmpty {
            waiting += left
            waiting.sort { ages[Int($0)] < ages[Int($1)] }
        }
        if step.replaced.count > (count > 0 ? 1 : 0) { isFull = false }
        guard count > 0 else { return nil }
        let number = vacantGroups.popLast() ?? groups.count
        if number == groups.count { groups.append(nil) }
        groups[number] = Group(members: Array(step.slots[..<count]))
        for slot in step.slots[..<count] { places[Int(slot)] = UInt32(number) }
        return number
    }

    /// There was no room for a further group.
    mutating func full() { isFull = true }

    /// There may be room again.
    mutating func tryAgain() { isFull = false }

    /// All groups are gone, and may be of any size again.
    mutating func startAgain(groupSize: Int = 32) {
        self.groupSize = groupSize
        isFull = false
        for case let group? in groups {
            for slot in group.members {
                if places[Int(slot)] & RecordPlan.vanishedBit != 0 {
                    table.remove(slot)
                } else {
                    waiting.append(slot)
                }
                places[Int(slot)] = RecordPlan.nowhere
            }
        }
        vanishedCount = 0
        groups = []
        vacantGroups = []
        dirty = []
        waiting.sort { ages[Int($0)] < ages[Int($1)] }
    }
}
