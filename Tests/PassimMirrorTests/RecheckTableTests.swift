import PassimCore
import Testing

@testable import PassimMirror

@Suite struct RecheckTableTests {
    private let path = RawName("a")

    @Test func eachPathIsKeptOnce() {
        var table = RecheckTable()
        var addition = table.add(path, isWritten: false)
        #expect(addition == .added)
        addition = table.add(path, isWritten: false)
        #expect(addition == .known)
        let isWritten = table.begin(path)
        #expect(!isWritten)
        addition = table.add(path, isWritten: false)
        #expect(addition == .known)
        let again = table.end(path)
        #expect(again == [])
        addition = table.add(path, isWritten: false)
        #expect(addition == .added)
        _ = table.begin(path)
        let more = table.end(path)
        #expect(more == nil)
        #expect(table.isEmpty)
    }

    @Test func whetherItWasWrittenIsToldOnce() {
        var table = RecheckTable()
        _ = table.add(path, isWritten: true)
        _ = table.add(path, isWritten: false)
        var isWritten = table.begin(path)
        #expect(isWritten)
        // Put back, and begun again.
        isWritten = table.begin(path)
        #expect(!isWritten)
        _ = table.add(path, isWritten: true)
        _ = table.add(path, isWritten: false)
        let again = table.end(path)
        #expect(again == .written)
    }

    @Test func walkJoinsOnlyWhatIsThere() {
        var table = RecheckTable()
        var isThere = table.join(path)
        #expect(!isThere)
        #expect(table.isEmpty)
        _ = table.add(path, isWritten: false)
        isThere = table.join(path)
        #expect(isThere)
        _ = table.begin(path)
        isThere = table.join(path)
        #expect(isThere)
        let again = table.end(path)
        #expect(again == [])
    }

    @Test func tooManyAreFull() {
        var table = RecheckTable()
        for number in 0..<Limits.waitingRechecks {
            let addition = table.add(RawName("\(number)"), isWritten: false)
            #expect(addition == .added)
        }
        var addition = table.add(path, isWritten: false)
        #expect(addition == .full)
        addition = table.add(RawName("0"), isWritten: false)
        #expect(addition == .known)
    }
}
