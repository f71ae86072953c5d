import PassimCore
import Testing

@testable import PassimMirror

@Suite struct NoteTableTests {
    private let directory = RawName("d")

    private func names(_ names: String..., marks: NoteTable.Marks = []) -> [RawName: NoteTable.Marks] {
        Dictionary(uniqueKeysWithValues: names.map { (RawName($0), marks) })
    }

    @Test func eachNameIsThereOnceWithAllItsMarks() {
        var table = NoteTable()
        #expect(table.isEmpty)
        var addition = table.add(names("a", "b"), in: directory)
        #expect(addition == .added)
        addition = table.add(names("a", marks: .thorough), in: directory)
        #expect(addition == .known)
        addition = table.add(names("a", marks: .written), in: directory)
        #expect(addition == .known)
        addition = table.add(names("a"), in: RawName("other"))
        #expect(addition == .added)
        let taken = table.begin(directory)
        #expect(taken == [RawName("a"): [.thorough, .written], RawName("b"): []])
        let more = table.end(directory)
        #expect(!more)
        #expect(!table.isEmpty)
    }

    @Test func looksOfADirectoryTakeTurns() {
        var table = NoteTable()
        _ = table.add(names("a"), in: directory)
        var taken = table.begin(directory)
        #expect(taken == names("a"))
        // What comes while one runs waits for its end, whoever asks.
        let addition = table.add(names("b"), in: directory)
        #expect(addition == .known)
        taken = table.begin(directory)
        #expect(taken == nil)
        var more = table.end(directory)
        #expect(more)
        taken = table.begin(directory)
        #expect(taken == names("b"))
        more = table.end(directory)
        #expect(!more)
        #expect(table.isEmpty)
        taken = table.begin(directory)
        #expect(taken == nil)
    }

    @Test func lookThatIsQueuedTwiceAfterAllWasForgottenRunsOnce() {
        var table = NoteTable()
        var addition = table.add(names("a"), in: directory)
        #expect(addition == .added)
        table.removeAll()
        #expect(table.isEmpty)
        // Queued before, and now again.
        addition = table.add(names("b"), in: directory)
        #expect(addition == .added)
        var taken = table.begin(directory)
        #expect(taken == names("b"))
        taken = table.begin(directory)
        #expect(taken == nil)
        addition = table.add(names("c"), in: directory)
        #expect(addition == .known)
    }

    @Test func whatRunsOutlivesThatAllIsForgotten() {
        var table = NoteTable()
        _ = table.add(names("a"), in: directory)
        _ = table.begin(directory)
        _ = table.add(names("b"), in: directory)
        table.removeAll()
        var addition = table.add(names("c"), in: directory)
        #expect(addition == .known)
        let more = table.end(directory)
        #expect(more)
        let taken = table.begin(directory)
        #expect(taken == names("c"))
        _ = table.end(directory)
        #expect(table.isEmpty)
        addition = table.add(names("d"), in: directory)
        #expect(addition == .added)
    }

    @Test func tooManyNamesAreFull() {
        var table = NoteTable()
        for number in 0..<Limits.waitingNames {
            let addition = table.add(names("\(number)"), in: RawName("\(number % 100)"))
            #expect(addition != .full)
        }
        var addition = table.add(names("0"), in: RawName("0"))
        #expect(addition == .known)
        addition = table.add(names("one more"), in: directory)
        #expect(addition == .full)
        // Names that were taken wait no longer.
        _ = table.begin(directory)
        addition = table.add(names("one more"), in: RawName("0"))
        #expect(addition == .full)
        table.removeAll()
        addition = table.add(names("a"), in: RawName("0"))
        #expect(addition == .added)
    }
}
