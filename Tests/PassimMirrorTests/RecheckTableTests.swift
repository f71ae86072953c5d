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
        expect(table.add(path, isWritten: false), .added)
        expect(table.add(path, isWritten: false), .known)
        _ = table.begin(path)
        expect(table.add(path, isWritten: false), .known)
        expect(table.add(path, isWritten: false), .known)
        let again = table.end(path)
        #expect(again == [])
        _ = table.begin(path)
        let more = table.end(path)
        #expect(more == nil)
        #expect(table.isEmpty)
        for number in 0..<Limits.waitingRechecks { _ = table.add(RawName("\(number)"), isWritten: false) }
        expect(table.add(path, isWritten: false), .full)
    }
}
