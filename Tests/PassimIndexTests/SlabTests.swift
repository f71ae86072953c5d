import Testing

@testable import PassimIndex

struct SlabTests {
    @Test func agreesWithADictionaryThroughInsertsAndRemovals() {
        var random = SeededGenerator(seed: 2)
        var slab = Slab<UInt64>(limit: 4096)
        var model: [UInt32: UInt64] = [:]
        for step in 0..<20_000 {
            if Int.random(in: 0..<10, using: &random) < (step / 2500 % 2 == 0 ? 8 : 2) {
                let value = random.next()
                guard let index = slab.insert(value) else {
                    expect(model.count == 4096)
                    continue
                }
                expect(model[index] == nil)
                model[index] = value
            } else if let index = model.keys.randomElement(using: &random) {
                expect(slab[index] == model[index])
                slab.remove(index)
                expect(!slab.contains(index))
                model[index] = nil
            }
            expect(slab.count == model.count)
        }
        let sorted = model.keys.sorted()
        var found: [UInt32] = []
        var start: UInt32 = 0
        while let index = slab.next(from: start) {
            found.append(index)
            start = index + 1
        }
        expect(found == sorted)
        for (rank, index) in sorted.enumerated() { expect(slab.position(ofRank: rank) == index) }
        expect(slab.next(from: slab.position(ofRank: sorted.count)) == nil)
    }

    @Test func limitIsKept() {
        var slab = Slab<Int>(limit: 128)
        for number in 0..<128 { expect(slab.insert(number) != nil) }
        expect(slab.insert(0) == nil)
        slab.remove(77)
        expect(slab.insert(0) == 77)
    }

    @Test func numbersBeyondTheEndAreNotContained() {
        let slab = Slab<Int>(limit: 64)
        expect(!slab.contains(0))
        expect(!slab.contains(.max))
        expect(slab.next(from: .max) == nil)
    }
}
