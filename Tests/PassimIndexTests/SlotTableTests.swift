import Testing

@testable import PassimIndex

struct SlotTableTests {
    @Test func agreesWithADictionaryThroughInsertsAndRemovals() {
        var random = SeededGenerator(seed: 1)
        var table = SlotTable()
        var model: [UInt32: UInt64] = [:]
        for step in 0..<20_000 {
            // A few hashes only, so that values share them; phases of growing and shrinking.
            if Int.random(in: 0..<10, using: &random) < (step / 2000 % 2 == 0 ? 7 : 3) {
                let value = UInt32(step)
                let hash = UInt64.random(in: 0..<200, using: &random) &* 0x9E37_79B9_7F4A_7C15
                if table.isFull { rebuild(&table, model) }
                table.insert(value, hash: hash)
                model[value] = hash
            } else if let (value, hash) = model.randomElement(using: &random) {
                guard let position = find(value, hash, in: table) else {
                    Issue.record("\(value) is lost")
                    return
                }
                table.remove(at: position)
                model[value] = nil
            }
            expect(table.count == model.count)
            if step % 100 == 0 { expect(values(table) == model.keys.sorted()) }
        }
        for (value, hash) in model { expect(find(value, hash, in: table) != nil) }
    }

    @Test func emptyTableFindsNothingAndIsFull() {
        let table = SlotTable()
        expect(table.isFull)
        expect(find(1, 2, in: table) == nil)
        expect(values(table).isEmpty)
    }

    @Test func lastRemovalGivesTheMemoryBack() {
        var table = SlotTable(roomFor: 1000)
        table.insert(5, hash: 6)
        table.remove(at: find(5, 6, in: table)!)
        expect(table.capacity == 0)
    }

    @Test func churnAtOneCountNeedsNoMoreRoom() {
        var table = SlotTable(roomFor: 100)
        var model: [UInt32: UInt64] = [:]
        let capacity = table.capacity
        for value in UInt32(0)..<10_000 {
            if table.isFull { rebuild(&table, model) }
            table.insert(value, hash: UInt64(value) &* 0x9E37_79B9_7F4A_7C15)
            model[value] = UInt64(value) &* 0x9E37_79B9_7F4A_7C15
            if value >= 50 {
                let old = value - 50
                table.remove(at: find(old, model[old]!, in: table)!)
                model[old] = nil
            }
            expect(table.capacity <= capacity)
        }
    }

    private func find(_ value: UInt32, _ hash: UInt64, in table: borrowing SlotTable) -> UInt32? {
        var probe = table.probe(hash)
        while let position = table.next(&probe) {
            if table[position] == value { return position }
        }
        return nil
    }

    private func values(_ table: borrowing SlotTable) -> [UInt32] {
        var values: [UInt32] = []
        var start: UInt32 = 0
        while let position = table.nextFilled(from: start) {
            values.append(table[position])
            start = position + 1
        }
        return values.sorted()
    }

    private func rebuild(_ table: inout SlotTable, _ model: [UInt32: UInt64]) {
        var fresh = SlotTable(roomFor: table.count)
        for (value, hash) in model { fresh.insert(value, hash: hash) }
        table = fresh
    }
}
