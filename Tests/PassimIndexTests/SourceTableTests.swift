import PassimCore
import Testing

@testable import PassimIndex

struct SourceTableTests {
    @Test func pairsAreSharedAndUsedAgain() {
        var table = SourceTable()
        let one = table.take(origin: OriginID(1), device: 5)!
        let two = table.take(origin: OriginID(2), device: 5)!
        expect(one != two)
        expect(table.take(origin: OriginID(1), device: 5) == one)
        expect(table[two].origin == OriginID(2))
        expect(table[two].device == 5)
        table.release(two)
        expect(table.take(origin: OriginID(3), device: .max) == two)
        expect(table[two].device == .max)
        expect(table[one].device == 5)
    }

    @Test func morePairsThanTwoBytesHoldAreRefused() {
        var table = SourceTable()
        // The table is searched from its start for each new pair: this is slow on purpose nowhere else.
        for device in 0..<300 { expect(table.take(origin: OriginID(1), device: UInt64(device)) != nil) }
        for device in 0..<300 {
            expect(table.take(origin: OriginID(1), device: UInt64(device)) == UInt16(device))
        }
    }
}
