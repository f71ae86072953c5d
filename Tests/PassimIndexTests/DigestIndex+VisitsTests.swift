import PassimCore
import PassimIndex
import Testing

struct DigestIndexVisitsTests {
    private let index: DigestIndex
    private var directory: DirectoryID { index.directory(origin: someOrigin, path: RawName("d")) }

    init() {
        var limits = IndexLimits()
        limits.piece = 3
        index = DigestIndex(limits: limits)
    }

    private func insert(_ numbers: Range<Int>) {
        index.apply(numbers.map { .insert(directory, "\($0)", .make($0), .make($0)) })
    }

    private func files(_ numbers: some Sequence<Int>) -> [(name: RawName, identity: FileIdentity)] {
        numbers.map { (RawName("\($0)"), .make($0)) }
    }

    @Test func filesThatTheVisitDidNotMeetAreSwept() {
        insert(0..<20)
        let visit = index.beginVisit(directory)
        #expect(index.see(visit, files: files(0..<10)).allSatisfy { $0 })
        // Enough of them for the directory's table to be rebuilt, and so in other positions.
        insert(20..<100)
        #expect(index.endVisit(visit, sweeping: true) == 10)
        #expect(index.count == 90)
        #expect((0..<100).allSatisfy { (index.find(.make($0)) != nil) == !(10..<20).contains($0) })
        #expect(index.endVisit(visit, sweeping: true) == 0)
    }

    /// One whose table grows by pieces meanwhile.
    @Test func filesThatTheVisitDidNotMeetAreSweptFromALargeDirectory() {
        let index = DigestIndex()
        let directory = index.directory(origin: someOrigin, path: RawName("d"))
        func insert(_ numbers: Range<Int>) {
            index.apply(numbers.map { .insert(directory, "\($0)", .make($0), .make($0)) })
        }
        insert(0..<3000)
        let visit = index.beginVisit(directory)
        #expect(index.see(visit, files: files(0..<1500)).allSatisfy { $0 })
        insert(3000..<9000)
        index.apply((100..<400).map { .remove(directory: directory, name: RawName("\($0)")) })
        insert(9000..<9100)
        #expect(index.endVisit(visit, sweeping: true) == 1500)
        #expect(index.count == 7300)
        for number in 0..<9100 {
            let isThere = !(100..<400).contains(number) && !(1500..<3000).contains(number)
            if (index.entry(directory: directory, name: RawName("\(number)")) != nil) != isThere {
                Issue.record("\(number)")
            }
        }
        // Nearly all go, and the few that stay are found.
        let last = index.beginVisit(directory)
        _ = index.see(last, files: files(0..<50))
        #expect(index.endVisit(last, sweeping: true) == 7250)
        for number in 0..<50 {
            #expect(index.entry(directory: directory, name: RawName("\(number)")) != nil)
        }
        insert(0..<2000)
        #expect(index.count == 2000)
    }

    @Test func changedFileIsNotKnownAndIsSwept() {
        insert(0..<3)
        let visit = index.beginVisit(directory)
        var found = files(0..<4)
        found[1].identity.changed.nanoseconds += 1
        #expect(index.see(visit, files: found) == [true, false, true, false])
        #expect(index.endVisit(visit, sweeping: true) == 1)
        #expect(index.find(.make(1)) == nil)
    }

    @Test func fileThatIsReplacedDuringTheVisitStays() {
        insert(0..<3)
        let visit = index.beginVisit(directory)
        index.apply([
            .insert(directory, "0", .make(0), .make(50)), .insert(directory, "1", .make(51), .make(51)),
        ])
        #expect(index.endVisit(visit, sweeping: true) == 1)
        #expect(index.find(.make(0)) != nil && index.find(.make(51)) != nil)
    }

    @Test func filesMarkedAsSeenStay() {
        insert(0..<5)
        let visit = index.beginVisit(directory)
        index.markSeen(visit, names: ["1", "3", "none"].map { RawName($0) })
        #expect(index.endVisit(visit, sweeping: true) == 3)
        #expect(index.find(.make(1)) != nil && index.find(.make(3)) != nil)
    }

    @Test func visitSweepsItsOwnDirectoryOnly() {
        insert(0..<2)
        for (number, path) in ["", "d/below", "e"].enumerated() {
            let other = index.directory(origin: someOrigin, path: RawName(path))
            index.apply([.insert(other, "f", .make(10 + number))])
        }
        let other = index.directory(origin: OriginID(8), path: RawName("d"))
        index.apply([.insert(other, "f", .make(13))])
        #expect(index.endVisit(index.beginVisit(directory), sweeping: true) == 2)
        #expect((10..<14).allSatisfy { index.find(.make($0)) != nil })
    }

    @Test func visitsOfSeveralDirectoriesGoSideBySide() {
        let other = index.directory(origin: someOrigin, path: RawName("e"))
        insert(0..<4)
        index.apply((10..<14).map { .insert(other, "\($0)", .make($0), .make($0)) })
        let one = index.beginVisit(directory)
        let two = index.beginVisit(other)
        _ = index.see(two, files: files([10]))
        _ = index.see(one, files: files([0]))
        #expect(index.endVisit(one, sweeping: true) == 3)
        #expect(index.endVisit(two, sweeping: true) == 3)
        #expect(index.find(.make(0)) != nil && index.find(.make(10)) != nil)
    }

    @Test func secondVisitOfADirectoryVoidsTheFirst() {
        insert(0..<4)
        let first = index.beginVisit(directory)
        _ = index.see(first, files: files([0]))
        let second = index.beginVisit(directory)
        #expect(index.see(first, files: files([1, 9])) == [true, false])
        index.markSeen(first, names: [RawName("2")])
        _ = index.see(second, files: files([3]))
        #expect(index.endVisit(first, sweeping: true) == 0)
        #expect(index.count == 4)
        #expect(index.endVisit(second, sweeping: true) == 3)
        #expect(index.find(.make(3)) != nil)
    }

    @Test func visitThatDoesNotSweepRemovesNothing() {
        insert(0..<4)
        let visit = index.beginVisit(directory)
        #expect(index.endVisit(visit, sweeping: false) == 0)
        #expect(index.endVisit(visit, sweeping: true) == 0)
        #expect(index.count == 4)
    }

    @Test func visitOfADirectoryThatIsEmptiedAndFilledMeanwhileKeepsWhatCame() {
        insert(0..<70)
        let visit = index.beginVisit(directory)
        _ = index.see(visit, files: files(0..<70))
        index.apply((0..<70).map { .remove(directory: directory, name: RawName("\($0)")) })
        insert(80..<83)
        #expect(index.endVisit(visit, sweeping: true) == 0)
        #expect(index.count == 3)
    }

    @Test func visitOfAnUnknownDirectoryMeetsNothing() {
        var limits = IndexLimits()
        limits.retiredDirectories = 0
        let index = DigestIndex(limits: limits)
        let gone = index.directory(origin: someOrigin, path: RawName("gone"))
        let visit = index.beginVisit(gone)
        index.removeAll(origin: someOrigin)
        for visit in [visit, index.beginVisit(gone)] {
            #expect(index.see(visit, files: files([1])) == [false])
            #expect(index.endVisit(visit, sweeping: true) == 0)
        }
    }

    @Test func sweepTellsEachVanishedDigestOnceAndInPieces() {
        let told = Lock<[Batch]>([])
        insert(0..<50)
        let subscription = index.subscribe { batch in told.withLock { $0.append(batch) } }
        let visit = index.beginVisit(directory)
        _ = index.see(visit, files: files(0..<7))
        index.endVisit(visit, sweeping: true)
        let batches = told.withLock { $0 }
        #expect(batches.allSatisfy { !$0.isEmpty && $0.vanished.count <= 3 })
        let vanished = batches.flatMap(\.vanished)
        #expect(vanished.count == 43)
        #expect(Set(vanished) == Set((7..<50).map(Digest.make)))
        subscription.cancel()
    }

    // MARK: - Parking

    private func fill() {
        for (number, path) in ["", "d", "d/e", "d/e/f", "de"].enumerated() {
            let directory = index.directory(origin: someOrigin, path: RawName(path))
            index.apply(
                (number * 10..<number * 10 + 10).map { .insert(directory, "\($0)", .make($0), .make($0)) })
        }
    }

    @Test func filesBelowADirectoryAreToldBeforeTheyAreRemoved() {
        fill()
        var told: [UInt64: Digest] = [:]
        let removed = index.removeAll(origin: someOrigin, below: RawName("d")) { identity, digest in
            #expect(index.find(digest)?.identity == identity)
            told[identity.inode] = digest
        }
        #expect(removed == 30)
        #expect(told == Dictionary(uniqueKeysWithValues: (10..<40).map { (UInt64($0), .make($0)) }))
        #expect(index.count == 20)
    }

    @Test func fileThatChangesAfterItWasToldOfStays() {
        fill()
        var isFirst = true
        let removed = index.removeAll(origin: someOrigin, below: RawName("d/e")) { identity, _ in
            defer { isFirst = false }
            guard isFirst else { return }
            let path = RawName(identity.inode < 30 ? "d/e" : "d/e/f")
            let changed = index.directory(origin: someOrigin, path: path)
            index.apply([
                .insert(changed, "\(identity.inode)", .make(99), .make(99)),
                .insert(index.directory(origin: someOrigin, path: RawName("d/e")), "new", .make(98)),
                .insert(index.directory(origin: someOrigin, path: RawName("d/e/f")), "new", .make(97)),
            ])
        }
        #expect(removed == 19)
        #expect((97..<100).allSatisfy { index.find(.make($0)) != nil })
    }

    @Test func directoriesOfFilesThatAreRemovedAreForgotten() {
        var limits = IndexLimits()
        limits.retiredDirectories = 0
        let index = DigestIndex(limits: limits)
        let gone = index.directory(origin: someOrigin, path: RawName("gone/deep"))
        index.apply([.insert(gone, "f", .make(1))])
        #expect(index.removeAll(origin: someOrigin, below: RawName("gone")) { _, _ in } == 1)
        #expect(index.apply([.insert(gone, "f", .make(1))]).refused == [0])
    }

    @Test func enumerationTellsEachFileBelowADirectory() {
        fill()
        var told: [UInt64: Digest] = [:]
        index.forEachFile(origin: someOrigin, below: RawName("d/e")) { told[$0.inode] = $1 }
        #expect(told == Dictionary(uniqueKeysWithValues: (20..<40).map { (UInt64($0), .make($0)) }))
        index.forEachFile(origin: someOrigin, below: RawName("none")) { _, _ in Issue.record("told") }
        #expect(index.count == 50)
    }
}
