import Testing

@testable import PassimIndex

struct ExtendibleTableTests {
    /// A table, and the same in a dictionary.
    private final class Model {
        var table = ExtendibleTable()
        /// The hash and the position of each value.
        var hashes: [UInt32: UInt64] = [:]
        var positions: [UInt32: UInt32] = [:]
        /// The most values that one change has rehashed.
        var mostRehashed = 0

        func insert(_ value: UInt32, hash: UInt64) {
            var rehashed = 0
            let isRoom = table.makeRoom(for: hash) { value in
                rehashed += 1
                return hashes[value]!
            } onMove: { [self] moves in
                follow(moves)
            }
            expect(isRoom)
            mostRehashed = max(mostRehashed, rehashed)
            hashes[value] = hash
            positions[table.insert(value, hash: hash)] = value
        }

        func remove(_ value: UInt32) {
            guard let position = find(value) else {
                Issue.record("\(value) is lost")
                return
            }
            table.remove(at: position)
            positions[position] = nil
            hashes[value] = nil
        }

        func trim(from start: ExtendibleTable.Cursor, to end: ExtendibleTable.Cursor?) {
            table.trim(from: start, to: end, rehash: { hashes[$0]! }, onMove: { [self] in follow($0) })
        }

        func follow(_ moves: ExtendibleTable.Moves) {
            let moved = moves.values.map { ($0.new, positions[$0.old]) }
            for position in positions.keys where moves.cleared.contains(position) {
                positions[position] = nil
            }
            for (position, value) in moved { positions[position] = value }
        }

        func find(_ value: UInt32) -> UInt32? {
            var probe = table.probe(hashes[value]!)
            while let position = table.next(&probe) {
                if table[position] == value { return position }
            }
            return nil
        }

        func check() {
            expect(table.count == hashes.count)
            expect(positions.count == hashes.count)
            var cursor = ExtendibleTable.Cursor()
            var walked: [UInt32: UInt32] = [:]
            while let position = table.next(&cursor) {
                expect(walked[position] == nil)
                walked[position] = table[position]
            }
            expect(walked == positions)
            for value in hashes.keys { expect(find(value).map { table[$0] } == value) }
        }
    }

    @Test func agreesWithADictionaryThroughInsertsRemovalsAndTrims() {
        var random = SeededGenerator(seed: 1)
        let model = Model()
        var next: UInt32 = 0
        for phase in 0..<12 {
            let isGrowing = phase % 3 != 2
            for _ in 0..<3000 {
                if Int.random(in: 0..<10, using: &random) < (isGrowing ? 8 : 1) {
                    // Half of them share their tag and much of their place.
                    let hash = UInt64.random(in: 0...UInt64.max, using: &random)
                    model.insert(next, hash: next.isMultiple(of: 2) ? hash : hash & 0xFFF_FF00)
                    next += 1
                } else if let value = model.hashes.keys.randomElement(using: &random) {
                    model.remove(value)
                }
            }
            model.check()
            if phase % 2 == 1 {
                model.trim(from: .init(), to: nil)
                model.check()
            }
        }
        for value in Array(model.hashes.keys) { model.remove(value) }
        model.trim(from: .init(), to: nil)
        model.check()
    }

    /// However many there are: it is what readers wait for.
    @Test func growthRehashesFewAtATime() {
        var random = SeededGenerator(seed: 2)
        let model = Model()
        for value in UInt32(0)..<100_000 {
            model.insert(value, hash: UInt64.random(in: 0...UInt64.max, using: &random))
        }
        #expect(model.mostRehashed > 0 && model.mostRehashed < 1000)
        model.check()
        // And so does what is given back, in a table of which nearly all was removed.
        for value in UInt32(0)..<99_900 { model.remove(value) }
        var start = ExtendibleTable.Cursor()
        var met = 0
        while true {
            var end = start
            var left = 64
            while left > 0, model.table.next(&end) != nil { left -= 1 }
            met += 64 - left
            model.trim(from: start, to: left > 0 ? nil : end)
            if left > 0 { break }
            start = end
        }
        #expect(met >= 100)
        model.check()
    }

    @Test func walkMeetsAllThatStaysWhileTheTableGrows() {
        var random = SeededGenerator(seed: 3)
        let model = Model()
        func insert(_ values: Range<UInt32>) {
            for value in values {
                model.insert(value, hash: UInt64.random(in: 0...UInt64.max, using: &random))
            }
        }
        insert(0..<2000)
        var cursor = ExtendibleTable.Cursor()
        var met: Set<UInt32> = []
        var next: UInt32 = 2000
        while let position = model.table.next(&cursor) {
            met.insert(model.table[position])
            if met.count.isMultiple(of: 100), next < 20_000 {
                insert(next..<next + 500)
                next += 500
            }
        }
        #expect(next > 5000)
        #expect(met.isSuperset(of: 0..<2000))
    }

    /// All in one bucket for as long as that can be.
    @Test func valuesOfOneHashAreRefusedAtLast() {
        let model = Model()
        var count: UInt32 = 0
        while count < 10_000 {
            let isRoom = model.table.makeRoom(for: 7, rehash: { _ in 7 })
            if !isRoom { break }
            model.table.insert(count, hash: 7)
            count += 1
        }
        #expect((1000..<2048).contains(count))
        #expect(model.table.count == count)
    }
}
