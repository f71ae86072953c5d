import PassimCore
import Testing

@Suite struct FileIdentityTests {
    private let identity = FileIdentity(
        device: 1, inode: 2, size: 3, modified: Timestamp(seconds: 4, nanoseconds: 5),
        changed: Timestamp(seconds: 6, nanoseconds: 7))

    @Test func timesAreOrderedBySecondsFirst() {
        let times = [(-1, 999_999_999), (0, 0), (0, 1), (1, 0)].map {
            Timestamp(seconds: $0, nanoseconds: $1)
        }
        for index in times.indices {
            for other in times.indices {
                #expect((times[index] < times[other]) == (index < other))
            }
        }
    }

    @Test func changeOfCtimeAloneIsTheSameContent() {
        var other = identity
        other.changed.nanoseconds = 8
        #expect(other != identity)
        #expect(other.sameContent(as: identity))
    }

    @Test func anyOtherDifferenceIsOtherContent() {
        let changes: [(inout FileIdentity) -> Void] = [
            { $0.device += 1 }, { $0.inode += 1 }, { $0.size += 1 }, { $0.modified.seconds += 1 },
            { $0.modified.nanoseconds += 1 },
        ]
        for change in changes {
            var other = identity
            change(&other)
            #expect(other != identity)
            #expect(!other.sameContent(as: identity))
        }
    }
}
