import PassimTestKit
import Testing

@testable import PassimLookup

@Suite struct ExpiringTableTests {
    @Test func entryIsThereUntilItsTime() {
        var table = ExpiringTable<Int>(capacity: 10)
        table.insert(1, until: .seconds(5), at: .zero)
        #expect(table.contains(1, at: .seconds(4)))
        #expect(!table.contains(1, at: .seconds(5)))
        #expect(!table.contains(2, at: .zero))
        table.insert(1, until: .seconds(9), at: .seconds(5))
        #expect(table.contains(1, at: .seconds(8)))
        table.remove(1)
        #expect(!table.contains(1, at: .seconds(8)))
    }

    @Test(arguments: [true, false])
    func fullTableForgetsThoseThatGoFirstAndStaysBounded(allTogether: Bool) {
        var table = ExpiringTable<Int>(capacity: 100)
        for number in 0..<10_000 {
            table.insert(number, until: .seconds(allTogether ? 1 : 1 + number), at: .zero)
            #expect(table.count <= 100)
            #expect(table.contains(number, at: .zero))
        }
        #expect(table.count >= 50)
        if !allTogether { #expect(table.contains(9999 - 40, at: .zero)) }
    }

    @Test func thoseWhoseTimeIsOverMakeRoom() {
        var table = ExpiringTable<Int>(capacity: 100)
        for number in 0..<60 { table.insert(number, until: .seconds(1), at: .zero) }
        for number in 60..<140 { table.insert(number, until: .seconds(10), at: .seconds(2)) }
        for number in 60..<140 { #expect(table.contains(number, at: .seconds(2))) }
    }
}
