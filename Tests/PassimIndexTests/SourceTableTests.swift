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

    @Test func morePairsThanTheLimitAreRefusedUntilOneIsReleased() {
        var table = SourceTable(limit: 300)
        for device in 0..<300 {
            expect(table.take(origin: OriginID(1), device: UInt64(device)) == UInt16(device))
        }
        expect(table.take(origin: OriginID(1), device: 300) == nil)
        expect(table.take(origin: OriginID(1), device: 7) == 7)
        table.release(200)
        expect(table.take(origin: OriginID(1), device: 300) == 200)
    }
}
