import PassimCore
import PassimTestKit
import Testing

@testable import PassimDiscovery

struct DigestTableTests {
    /// Few homes, so that searches run into each other and around the end.
    private func digest(_ number: Int) -> Digest {
        Digest(words: (0, UInt64(number % 5) &* 7 &- 13, UInt64(number), 0))
    }

    @Test(arguments: 0..<20) func agreesWithADictionary(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var table = DigestTable()
        var model: [Digest: DigestTable.Slot] = [:]
        for _ in 0..<2000 {
            let digest = digest(.random(in: 0..<100, using: &generator))
            #expect(table.slot(of: digest) == model[digest])
            if let slot = model.removeValue(forKey: digest) {
                table.remove(slot)
            } else {
                let slot = table.insert(digest)
                #expect(!model.values.contains(slot))
                #expect(table.digests[Int(slot)] == digest)
                model[digest] = slot
            }
            #expect(table.count == model.count)
            #expect(table.slotCount <= 100)
        }
        for number in 0..<100 { #expect(table.slot(of: self.digest(number)) == model[self.digest(number)]) }
    }
}
