import PassimConfig
import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimMirror

/// The state machine alone: no file, no thread, no clock.
@Suite struct MirrorStateTests {
    /// A state with a root that has been visited, watched by number 1.
    private struct Machine {
        var state = MirrorState(firstOrigin: 1) { Timestamp(seconds: 1_000_000, nanoseconds: 0) }
        let origin: Origin
        var now: UInt64 = 1_000_000_000

        init(directories: [String] = []) {
            origin = Origin(id: OriginID(1), dropIn: DropIn(name: "a.conf", file: "", path: "/a"), rules: 1)
            state.origins = [origin]
            state.requestScan(origin)
            let turn = state.next(now: now)!
            let key = InodeID(
                FileIdentity(
                    device: 1, inode: 1, size: 0, modified: Timestamp(seconds: 0, nanoseconds: 0),
                    changed: Timestamp(seconds: 0, nanoseconds: 0)))
            _ = state.foundRoot(turn, key, watch: 1, isSearchable: true, isScan: true, now: now)
            state.beginRoot(origin, key, now: now)
            state.endRoot(origin, retry: nil, now: now)
            state.end(turn, now: now)
            var watch: CInt = 1
            while let turn = state.next(now: now) {
                if case .list(let visit) = turn.work {
                    _ = state.enter(visit.node, watch: watch, isSearchable: true)
                    watch += 1
                    let names = visit.node.parent == nil ? directories.map { RawName($0) } : []
                    state.found(visit, blocks: [], directories: names, now: now)
                    _ = state.endPart(visit, now: now)
                    state.end(visit, turn, obstacle: nil, now: now)
                } else if case .scanEnded(let scan) = turn.work {
                    _ = state.endScan(origin, scan, now: now)
                }
                state.end(turn, now: now)
            }
        }

        mutating func event(_ mask: InotifyMask, _ name: String?, watch: CInt = 1) {
            state.take(InotifyEvent(watch: watch, mask: mask, name: name.map { RawName($0) }), now: now)
        }

        mutating func advance(_ seconds: Double) { now += UInt64(seconds * 1e9) }

        /// Nothing is to be done now.
        mutating func expectIdle() {
            let found = look()
            #expect(found == nil)
        }

        /// The look that is due now.
        mutating func look() -> (Turn, Look)? {
            guard let turn = state.next(now: now) else { return nil }
            guard case .look(let look) = turn.work else { return nil }
            return (turn, look)
        }
    }

    @Test func scanIsOverWhenAllDirectoriesHaveBeenVisited() {
        let machine = Machine(directories: ["b", "c"])
        #expect(machine.origin.outcome == .watching)
        #expect(machine.origin.directories == 3)
        #expect(machine.origin.scansDone == 1)
        #expect(machine.state.watches.count == 3)
    }

    @Test func eventsOfOneNameAreOneLookOnceTheyHaveGathered() throws {
        var machine = Machine()
        for _ in 0..<100 { machine.event(.attributesChanged, "f") }
        machine.expectIdle()
        machine.advance(0.03)
        let found = machine.look()
        let (turn, look) = try #require(found)
        #expect(look.names.map(\.name) == [RawName("f")])
        #expect(look.names[0].what.suspicion == .touched)
        #expect(look.isProven)
        machine.state.endLook(
            turn, look, outcomes: [(RawName("f"), .settled)], jobs: [], changed: [], now: machine.now)
        machine.state.end(turn, now: machine.now)
        #expect(machine.state.nameBytes == 0)
        #expect(machine.state.nextDue == nil)
    }

    @Test func fileThatIsWrittenIsLookedAtOnceAndThenWhenItIsClosed() throws {
        var machine = Machine()
        for _ in 0..<100 { machine.event(.modified, "f") }
        machine.advance(0.03)
        let found = machine.look()
        let (turn, look) = try #require(found)
        #expect(look.names[0].what.writing == .modified)
        machine.state.endLook(
            turn, look, outcomes: [(RawName("f"), .leave)], jobs: [], changed: [], now: machine.now)
        machine.state.end(turn, now: machine.now)
        for _ in 0..<100 { machine.event(.modified, "f") }
        machine.advance(1)
        machine.expectIdle()
        machine.event(.closedAfterWriting, "f")
        machine.advance(0.03)
        let later = machine.look()
        let next = try #require(later).1
        #expect(next.names[0].what.writing == .none)
        #expect(next.names[0].what.suspicion == .written)
    }

    /// However often it is looked at before it is read: a write within a tick of the clock shows in nothing else.
    @Test func fileThatWasWrittenStaysSoUntilItIsRead() throws {
        var machine = Machine()
        let name = RawName("f")
        machine.event(.modified, "f")
        machine.event(.closedAfterWriting, "f")
        for round in 0..<3 {
            machine.advance(5)
            let found = machine.look()
            let (turn, look) = try #require(found)
            #expect(look.names[0].what.wasWritten)
            #expect((look.names[0].what.suspicion == .written) == (round == 0))
            machine.state.endLook(
                turn, look, outcomes: [(name, .wait(1000, size: 1))], jobs: [], changed: [], now: machine.now)
            machine.state.end(turn, now: machine.now)
        }
        // Then it is queued, and too young again when its turn comes; then it is read.
        for outcome in [HashOutcome.other(.wait(1000, size: 1)), .done(cost: Limits.restlessCost)] {
            machine.advance(5)
            let found = machine.look()
            let (turn, look) = try #require(found)
            #expect(look.names[0].what.wasWritten)
            var names = NameCollector(look.node, scan: nil, rules: 1, rest: 0)
            let offset = names.add(name, .regular)
            let job = HashJob(names.finish()[0], at: offset, size: 1, isCounted: false, isWritten: true)
            machine.state.endLook(
                turn, look, outcomes: [(name, .hashing)], jobs: [job], changed: [], now: machine.now)
            machine.state.end(turn, now: machine.now)
            let queued = machine.state.next(now: machine.now)
            let next = try #require(queued)
            guard case .hash(let items) = next.work else { throw TestFailure("no hash job: \(next.work)") }
            #expect(items[0].wasWritten)
            machine.state.endHash(next, [(items[0].job, outcome)], changed: [], now: machine.now)
            machine.state.end(next, now: machine.now)
        }
        #expect(look(at: name, in: machine)?.wasWritten == false)
    }

    /// A file that is written or young for long is no file on a bad disk.
    @Test func fileThatCannotBeReachedIsTriedAgainByTheNumberOfFailuresAlone() throws {
        var machine = Machine()
        let name = RawName("f")
        func settle(_ outcome: Outcome, after seconds: Double) throws {
            machine.advance(seconds - 0.1)
            machine.expectIdle()
            machine.advance(0.2)
            // The report of what cannot be read may come first.
            let found = machine.look() ?? machine.look()
            let (turn, look) = try #require(found)
            machine.state.endLook(
                turn, look, outcomes: [(name, outcome)], jobs: [], changed: [], now: machine.now)
            machine.state.end(turn, now: machine.now)
        }
        let fault = Outcome.retry(.fault, size: 1, reason: "Input/output error")
        machine.event(.movedTo, "f")
        try settle(.wait(20_000_000_000, size: 1), after: 0.1)
        for _ in 0..<10 { try settle(.wait(20_000_000_000, size: 1), after: 20) }
        try settle(fault, after: 20)
        // The daemon's own attributes have it looked at, too.
        for _ in 0..<10 {
            machine.event(.attributesChanged, "f")
            try settle(fault, after: 0.1)
        }
        try settle(fault, after: 3)
        try settle(fault, after: 10)
        try settle(fault, after: 20)
        // Another file has the name, and fails for the first time.
        machine.event(.movedTo, "f")
        try settle(fault, after: 0.1)
        try settle(.settled, after: 5)
        #expect(machine.state.nameBytes == 0)
    }

    private func look(at name: RawName, in machine: Machine) -> Unsettled? {
        machine.origin.root?.names[name]
    }

    @Test func fileThatIsNeverClosedCountsAsCompleteAfterThirtySeconds() throws {
        var machine = Machine()
        machine.event(.modified, "f")
        machine.advance(0.03)
        let found = machine.look()
        let (turn, look) = try #require(found)
        machine.state.endLook(
            turn, look, outcomes: [(RawName("f"), .leave)], jobs: [], changed: [], now: machine.now)
        machine.state.end(turn, now: machine.now)
        machine.advance(29)
        machine.expectIdle()
        machine.advance(2)
        let later = machine.look()
        #expect(try #require(later).1.names[0].what.writing == .none)
    }

    /// Write-and-close loops on 255-byte names took 1.25 GB.
    @Test func namesThatWaitTakeSoMuchMemoryAndNoMore() {
        var machine = Machine()
        let long = String(repeating: "n", count: 245)
        for number in 0..<200_000 {
            machine.event(.closedAfterWriting, "\(1_000_000_000 + number)\(long)")
            #expect(machine.state.nameBytes <= Limits.waitingNameBytes)
        }
        let root = machine.origin.root!
        // All of the directory is looked at instead, and files that have changed lately are read.
        #expect(root.whole == .shallow)
        #expect(root.writtenSince != nil)
        #expect(root.names.count * Unsettled.cost <= Limits.waitingNameBytes)
    }

    @Test func removalLeavesNothing() {
        var machine = Machine(directories: ["b"])
        machine.event(.modified, "f")
        machine.event(.attributesChanged, "g", watch: 2)
        machine.origin.remove()
        #expect(Set(machine.state.remove(machine.origin, now: machine.now)) == [1, 2])
        machine.state.origins = []
        #expect(machine.state.nameBytes == 0)
        #expect(machine.state.watches.count == 0)
        #expect(machine.state.nextDue == nil)
        #expect(machine.state.next(now: machine.now + 100_000_000_000) == nil)
        #expect(machine.origin.directories == 0)
    }

    @Test func lostEventsEndTheProofAndBringAScan() throws {
        var machine = Machine()
        machine.event(.overflow, nil)
        #expect(machine.state.findings.overflow)
        machine.event(.attributesChanged, "f")
        machine.advance(0.03)
        let found = machine.look()
        #expect(try #require(found).1.isProven == false)
        #expect(machine.origin.scanDue != nil)
    }

    /// A directory under a name is another one: the old one's work is void.
    @Test func whatATurnFoundInADirectoryThatWentIsLookedAtAgainInTheTree() throws {
        var machine = Machine(directories: ["b"])
        machine.event(.attributesChanged, "f", watch: 2)
        machine.advance(0.03)
        let found = machine.look()
        let (turn, look) = try #require(found)
        #expect(machine.state.retire(look.node, now: machine.now) == [2])
        machine.state.endLook(
            turn, look, outcomes: [(RawName("f"), .settled)], jobs: [], changed: [RawName("f")],
            now: machine.now)
        machine.state.end(turn, now: machine.now)
        machine.advance(0.03)
        let later = machine.look()
        let next = try #require(later).1
        #expect(next.node === machine.origin.root)
        #expect(next.names.map(\.name) == [RawName("b")])
        #expect(next.names[0].what.isDeep)
    }

    /// A 300 MB log that is appended every 0.5 s was read in full each time.
    @Test func fileThatIsRewrittenAllTheTimeRestsEverLonger() {
        var what = Unsettled()
        what.readCost = 200_000_000
        var rests: [UInt64] = []
        for rewrites in 0..<10 {
            what.rewrites = UInt8(rewrites)
            rests.append(what.rest(from: 0))
        }
        // At most a twentieth of the time.
        #expect(rests.allSatisfy { $0 >= 20 * what.readCost })
        #expect(rests == rests.sorted() && rests.last! > 10 * rests.first!)
        #expect(rests.last! <= Limits.longestRest)
    }

    @Test func filesAreNamedByInodeThatWereMadeWithoutAName() {
        #expect(InotifyEvent.inode(inName: RawName("#123")) == 123)
        for name in ["#", "123", "#12a", "#-1", "a#1", "#18446744073709551616"] {
            #expect(InotifyEvent.inode(inName: RawName(name)) == nil, "\(name)")
        }
    }

    @Test func fileSystemOfAnotherMachineIsScannedByItself() {
        func interval(_ type: String, _ configured: Int?, scan seconds: UInt64 = 1) -> UInt64? {
            var dropIn = DropIn(name: "a.conf", file: "", path: "/a")
            dropIn.rescanInterval = configured
            let origin = Origin(id: OriginID(1), dropIn: dropIn, rules: 1)
            origin.volume = Volume(id: nil, type: type, device: 1)
            origin.scanDuration = seconds * 1_000_000_000
            return origin.scanInterval.map { $0 / 1_000_000_000 }
        }
        for type in ["nfs", "nfs4", "cifs", "ceph", "fuse.glusterfs", "fuse.sshfs"] {
            #expect(interval(type, nil) == 300)
            // The scans take a twentieth of the time at most.
            #expect(interval(type, nil, scan: 100) == 2000)
            #expect(interval(type, 0) == nil)
            #expect(interval(type, 7) == 7)
        }
        #expect(interval("ext4", nil) == nil && interval("ext4", 7) == 7)
    }
}
