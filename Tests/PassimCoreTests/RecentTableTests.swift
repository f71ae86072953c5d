import PassimCore
import Testing

@Suite struct RecentTableTests {
    @Test func whatWasTouchedLatelyStays() {
        var table = RecentTable<Int, Int>(capacity: 10)
        for number in 0..<1000 {
            table[number] = number
            table[-1] = number
            #expect(table.count <= 10)
        }
        #expect(table[-1] == 999 && table[999] == 999 && table[0] == nil)
        #expect((995..<1000).allSatisfy { table[$0] == $0 })
    }

    @Test func whatIsRemovedIsGone() {
        var table = RecentTable<Int, Int>(capacity: 4)
        for number in 0..<4 { table[number] = number }
        for number in 0..<4 {
            table[number] = nil
            #expect(table[number] == nil)
        }
        #expect(table.count == 0)
    }
}
