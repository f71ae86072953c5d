import PassimConfig
import PassimCore
import PassimIndex
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimMirror

@Suite struct QueueTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func chunkedQueueIsAnArray(_ seed: UInt64) {
        var numbers = SeededGenerator(seed: seed)
        var queue = ChunkedQueue<Int>()
        var model: [Int] = []
        for step in 0..<20000 {
            if Int.random(in: 0..<5, using: &numbers) < (step < 12000 ? 4 : 1) {
                queue.append(step)
                model.append(step)
            } else {
                let expected = model.isEmpty ? nil : model.removeFirst()
                let popped = queue.popFirst()
                #expect(popped == expected)
            }
            if queue.count != model.count || queue.first != model.first {
                Issue.record("differs at step \(step) of seed \(seed)")
                return
            }
        }
        var rest: [Int] = []
        while let next = queue.popFirst() { rest.append(next) }
        #expect(rest == model)
    }

    @Test func chunkedQueuePassesThroughAMillion() {
        var queue = ChunkedQueue<Int>()
        for number in 0..<1_000_000 { queue.append(number) }
        var sum = 0
        while let next = queue.popFirst() { sum += next }
        #expect(sum == 499_999_500_000)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func delayQueueGivesTheSoonestThatIsDue(_ seed: UInt64) {
        var numbers = SeededGenerator(seed: seed)
        var queue = DelayQueue<Int>()
        var model: [(due: UInt64, value: Int)] = []
        for step in 0..<3000 {
            let time = UInt64.random(in: 0..<1000, using: &numbers)
            if Bool.random(using: &numbers) {
                queue.insert(step, due: time)
                model.append((time, step))
            } else {
                let least = model.map(\.due).min()
                #expect(queue.nextDue == least)
                let popped = queue.pop(now: time)
                if let least, least <= time {
                    let index = model.firstIndex { $0.value == popped }
                    #expect(index.map { model[$0].due } == least)
                    if let index { model.remove(at: index) }
                } else {
                    #expect(popped == nil)
                }
            }
        }
        queue.removeAll { $0 % 2 == 0 }
        #expect(queue.count == model.count { $0.value % 2 == 1 })
    }

    @Test func pendingFileIsSmall() {
        #expect(MemoryLayout<FileJob>.stride <= 24)
        #expect(MemoryLayout<DirectoryJob>.stride <= 16)
    }

    private func isNothing(_ work: Work?) -> Bool {
        if case .none = work { return true }
        return false
    }

    // MARK: - Turns

    private func node(_ number: UInt32) throws -> DirectoryNode {
        let dropIn = DropIn(name: "\(number)", file: "", path: "/")
        let origin = Origin(id: OriginID(number), dropIn: dropIn)
        let walk = Walk(
            origin: origin, dropIn: dropIn, root: OpenDirectory(try openRoot(of: "/")), pass: nil,
            isFirst: true, started: 0)
        return DirectoryNode(walk: walk, parent: nil, name: .empty)
    }

    private func jobs(_ node: DirectoryNode, _ sizes: [UInt64]) -> [FileJob] {
        sizes.map { size in
            var names = NameCollector(directory: node)
            let offset = names.add(RawName("\(size)"), .regular)
            return FileJob(names.finish()[0], at: offset, size: size, marks: [])
        }
    }

    @Test func smallFilesComeFirst() throws {
        var queue = WorkQueue()
        let node = try node(1)
        queue.push(jobs(node, [5 << 30, 100 << 20, 2 << 20, 100_000, 10]))
        var sizes: [UInt64] = []
        while case .files(let jobs) = queue.pop(now: 0) { sizes += jobs.map(\.size) }
        #expect(sizes == [10, 100_000, 2 << 20, 100 << 20, 5 << 30])
    }

    @Test func smallFilesOfOneBlockAreOneTurn() throws {
        var queue = WorkQueue()
        let node = try node(1)
        var names = NameCollector(directory: node)
        let offsets = (0..<100).map { names.add(RawName("f\($0)"), .regular) }
        let block = names.finish()[0]
        queue.push(offsets.map { FileJob(block, at: $0, size: 10, marks: []) })
        var turns: [[String]] = []
        while case .files(let jobs) = queue.pop(now: 0) { turns.append(jobs.map { $0.name.description }) }
        #expect(turns.map(\.count) == [32, 32, 32, 4])
        #expect(turns.flatMap(\.self) == (0..<100).map { "f\($0)" })
    }

    @Test func originsTakeTurnsByBytes() throws {
        var queue = WorkQueue()
        let large = try node(1)
        let small = try node(2)
        queue.push(jobs(large, Array(repeating: 512 << 20, count: 10)))
        queue.push(jobs(small, Array(repeating: 1 << 19, count: 3000)))
        // Of the first ten turns the small ones have nearly all: one large file is a thousand of them.
        var origins: [UInt32] = []
        for _ in 0..<900 {
            guard case .files(let jobs) = queue.pop(now: 0) else { break }
            origins.append(jobs[0].origin.id.number)
        }
        #expect(origins.count { $0 == 1 } == 1)
        // One that comes late neither waits for the others nor shuts them out.
        let late = try node(3)
        queue.push(jobs(late, Array(repeating: 1 << 19, count: 10)))
        var next: [UInt32] = []
        for _ in 0..<20 {
            guard case .files(let jobs) = queue.pop(now: 0) else { break }
            next.append(jobs[0].origin.id.number)
        }
        #expect(next.contains(2))
        #expect(next.count { $0 == 3 } >= 8)
    }

    @Test func largeFilesStayWhenOnlySmallWorkIsWanted() throws {
        var queue = WorkQueue()
        let node = try node(1)
        queue.push(jobs(node, [5 << 30]))
        let none = queue.pop(now: 0, smallOnly: true)
        #expect(isNothing(none))
        queue.push(jobs(node, [5]))
        guard case .files(let found) = queue.pop(now: 0, smallOnly: true) else {
            Issue.record("no small file")
            return
        }
        #expect(found[0].size == 5)
    }

    @Test func delayedWorkComesWhenItIsDueAndNotOfARemovedOrigin() throws {
        var queue = WorkQueue()
        let one = try node(1)
        let two = try node(2)
        queue.delay(.file(jobs(one, [1])[0]), until: 100)
        queue.delay(.file(jobs(two, [1])[0]), until: 50)
        let early = queue.pop(now: 49)
        #expect(isNothing(early))
        #expect(queue.nextDue == 50)
        two.walk.origin.remove()
        queue.drop(two.walk.origin)
        #expect(queue.nextDue == 100)
        let stillEarly = queue.pop(now: 99)
        #expect(isNothing(stillEarly))
        let due = queue.pop(now: 100)
        #expect(!isNothing(due))
    }

    @Test func deepChainOfDirectoriesIsLetGoWithoutRecursion() throws {
        var here = try node(1)
        for _ in 0..<500_000 { here = DirectoryNode(walk: here.walk, parent: here, name: RawName("d")) }
        #expect(here.path.bytes.count == 999_999)
    }

    @Test func namesComeBackFromTheirBlocks() throws {
        let node = try node(1)
        var collector = NameCollector(directory: node)
        let names = (0..<1300).map {
            RawName(bytes: Array(repeating: UInt8($0 % 255 + 1), count: $0 % 255 + 1))
        }
        for name in names { collector.add(name, .unknown) }
        let blocks = collector.finish()
        #expect(blocks.map(\.count) == [512, 512, 276])
        var found: [RawName] = []
        for block in blocks {
            block.forEach { offset, name, kind in
                #expect(kind == .unknown)
                #expect(block.name(at: offset) == name)
                found.append(name)
                return true
            }
        }
        #expect(found == names)
    }

    private func expect(_ addition: RecheckTable.Addition, _ expected: RecheckTable.Addition) {
        #expect(addition == expected)
    }

    @Test func recheckTableKeepsEachPathOnce() {
        var table = RecheckTable()
        let path = RawName("a")
        expect(table.add(path), .added)
        expect(table.add(path), .known)
        table.begin(path)
        expect(table.add(path), .known)
        expect(table.add(path), .known)
        let again = table.end(path)
        #expect(again)
        table.begin(path)
        let more = table.end(path)
        #expect(!more)
        #expect(table.isEmpty)
        for number in 0..<Limits.waitingRechecks { _ = table.add(RawName("\(number)")) }
        expect(table.add(path), .full)
    }
}
