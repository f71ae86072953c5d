import PassimCore
import PassimSystem
import Testing

@testable import PassimMirror

@Suite struct WorkQueueTests {
    @Test func pendingFileIsSmall() {
        #expect(MemoryLayout<FileJob>.stride <= 24)
        #expect(MemoryLayout<DirectoryJob>.stride <= 16)
    }

    private func isNothing(_ work: Work?) -> Bool {
        if case .none = work { return true }
        return false
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
        let node = try makeNode(1)
        queue.push(jobs(node, [5 << 30, 100 << 20, 2 << 20, 100_000, 10]))
        var sizes: [UInt64] = []
        while case .files(let jobs) = queue.pop(now: 0) { sizes += jobs.map(\.size) }
        #expect(sizes == [10, 100_000, 2 << 20, 100 << 20, 5 << 30])
    }

    @Test func smallFilesOfOneBlockAreOneTurn() throws {
        var queue = WorkQueue()
        let node = try makeNode(1)
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
        let large = try makeNode(1)
        let small = try makeNode(2)
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
        let late = try makeNode(3)
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
        let node = try makeNode(1)
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
        let one = try makeNode(1)
        let two = try makeNode(2)
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
}
