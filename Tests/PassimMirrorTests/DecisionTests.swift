import PassimCore
import Testing

@testable import PassimMirror

/// What becomes of a name: a row of the table each.
@Suite struct DecisionTests {
    private static func identity(
        size: UInt64 = 5, modified: Int64 = 1, changed: Int64 = 1, inode: UInt64 = 7
    ) -> FileIdentity {
        FileIdentity(
            device: 1, inode: inode, size: size, modified: Timestamp(seconds: modified, nanoseconds: 0),
            changed: Timestamp(seconds: changed, nanoseconds: 0))
    }

    private let file = Found.file(identity(), links: 1)
    private let known = identity()
    /// Only its attributes have changed.
    private let touched = identity(changed: 2)
    private let other = identity(size: 6, modified: 2, changed: 2)

    @Test(arguments: [
        (Found.shortage, Decision.retry(.shortage)), (.busy, .retry(.busy)), (.fault, .retry(.fault)),
        (.forbidden, .refuse), (.gone, .forget), (.other, .forget), (.directory, .enter),
    ])
    func whatIsNoFileIsDecidedByWhatItIs(_ found: Found, _ decision: Decision) {
        for suspicion in [Suspicion.none, .touched, .written] {
            for known in [nil, known] {
                #expect(decide(Evidence(found: found, known: known, suspicion: suspicion)) == decision)
            }
        }
    }

    @Test func fileThatIsAsItIsKnownStaysUnlessItWasWritten() {
        #expect(decide(Evidence(found: file, known: known)) == .keep)
        #expect(decide(Evidence(found: file, known: known, suspicion: .touched)) == .keep)
        // A long write(2) moves the times when it begins, and copies bytes after that.
        #expect(decide(Evidence(found: file, known: known, suspicion: .written)) == .read(forget: true))
        #expect(decide(Evidence(found: file, known: known, writing: .modified)) == .keep)
    }

    @Test func fileThatIsBeingWrittenIsLeftUntilItIsClosed() {
        #expect(
            decide(Evidence(found: file, known: other, suspicion: .written, writing: .modified))
                == .leave(forget: true))
        #expect(decide(Evidence(found: file, writing: .modified)) == .leave(forget: false))
        let empty = Found.file(DecisionTests.identity(size: 0), links: 1)
        #expect(decide(Evidence(found: empty, writing: .created)) == .leave(forget: false))
        // One that comes with its bytes is a link to a file that was complete before.
        #expect(decide(Evidence(found: file, writing: .created)) == .read(forget: false))
    }

    @Test func newFileIsReadOnceItIsOldEnough() {
        #expect(decide(Evidence(found: file)) == .read(forget: false))
        #expect(decide(Evidence(found: file, youth: 5)) == .wait(5, forget: false))
    }

    @Test func changedFileIsForgottenAtOnceAndReadOnceItIsOldEnough() {
        #expect(decide(Evidence(found: file, known: other)) == .read(forget: true))
        #expect(decide(Evidence(found: file, known: other, youth: 5)) == .wait(5, forget: true))
        let replaced = DecisionTests.identity(inode: 8)
        #expect(decide(Evidence(found: file, known: replaced)) == .read(forget: true))
    }

    @Test func fileOfWhichOnlyCtimeMovedStaysUntilItHasBeenRead() {
        let found = Found.file(touched, links: 1)
        #expect(decide(Evidence(found: found, known: known)) == .read(forget: false))
        #expect(decide(Evidence(found: found, known: known, suspicion: .touched)) == .read(forget: false))
        #expect(decide(Evidence(found: found, known: known, suspicion: .written)) == .read(forget: true))
        #expect(decide(Evidence(found: found, known: known, youth: 5)) == .wait(5, forget: false))
    }

    @Test func onlyWhatIsProvenIsAdopted() {
        let found = Found.file(touched, links: 1)
        func evidence(_ change: (inout Evidence) -> Void = { _ in }) -> Decision {
            var evidence = Evidence(found: found, known: known, suspicion: .touched, isProven: true)
            change(&evidence)
            return decide(evidence)
        }
        #expect(evidence() == .adopt(touched))
        // Not without an event that says so, nor with one of a write.
        #expect(evidence { $0.suspicion = .none } == .read(forget: false))
        #expect(evidence { $0.suspicion = .written } == .read(forget: true))
        #expect(evidence { $0.writing = .modified } == .leave(forget: true))
        #expect(evidence { $0.isProven = false } == .read(forget: false))
        // Another name may have been written through.
        #expect(evidence { $0.found = .file(touched, links: 2) } == .read(forget: false))
        #expect(evidence { $0.known = nil } == .read(forget: false))
        #expect(evidence { $0.known = other } == .read(forget: true))
    }
}
