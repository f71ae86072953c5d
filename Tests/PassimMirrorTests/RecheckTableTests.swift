import PassimCore
import Testing

@testable import PassimMirror

@Suite struct RecheckTableTests {
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
