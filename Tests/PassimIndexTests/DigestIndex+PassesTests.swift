import PassimCore
import PassimIndex
import Testing

struct DigestIndexPassesTests {
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

    @Test func filesThatThePassDidNotSeeAreSwept() {
        insert(0..<20)
        let pass = index.beginPass(origin: someOrigin)
        #expect(index.reconcile(directory: directory, pass: pass, files: files(0..<10)).allSatisfy { $0 })
        insert(20..<23)
        #expect(index.endPass(pass) == 10)
        #expect(index.count == 13)
        #expect(index.find(.make(10)) == nil)
        #expect(index.find(.make(22)) != nil)
        #expect(index.endPass(pass) == 0)
    }

    @Test func changedFileIsNotKnownAndIsSwept() {
        insert(0..<3)
        let pass = index.beginPass(origin: someOrigin)
        var found = files(0..<4)
        found[1].identity.changed.nanoseconds += 1
        #expect(
            index.reconcile(directory: directory, pass: pass, files: found) == [true, false, true, false])
        #expect(index.endPass(pass) == 1)
        #expect(index.find(.make(1)) == nil)
    }

    @Test func fileMarkedAsSeenStays() {
        insert(0..<5)
        let pass = index.beginPass(origin: someOrigin)
        index.markSeen(directory: directory, pass: pass, names: ["1", "3", "none"].map { RawName($0) })
        #expect(index.endPass(pass) == 3)
        #expect(index.find(.make(1)) != nil && index.find(.make(3)) != nil)
    }

    @Test func passSweepsItsOwnOriginOnly() {
        insert(0..<2)
        let other = index.directory(origin: OriginID(8), path: RawName("d"))
        index.apply([.insert(other, "f", .make(9))])
        #expect(index.endPass(index.beginPass(origin: someOrigin)) == 2)
        #expect(index.find(.make(9)) != nil)
    }

    @Test func overlappingPassesOfOneOriginKeepWhatEitherHasSeenSinceItBegan() {
        insert(0..<4)
        let first = index.beginPass(origin: someOrigin)
        _ = index.reconcile(directory: directory, pass: first, files: files([0]))
        let second = index.beginPass(origin: someOrigin)
        _ = index.reconcile(directory: directory, pass: first, files: files([1]))
        _ = index.reconcile(directory: directory, pass: second, files: files([2]))
        #expect(index.endPass(first) == 1)
        #expect(index.find(.make(3)) == nil)
        #expect(index.endPass(second) == 1)
        #expect(index.find(.make(0)) == nil)
        #expect(index.count == 2)
    }

    @Test func abandonedPassRemovesNothing() {
        insert(0..<4)
        let pass = index.beginPass(origin: someOrigin)
        index.abandonPass(pass)
        #expect(index.endPass(pass) == 0)
        #expect(index.count == 4)
    }

    @Test func directoryThatAPassDidNotVisitIsForgottenAndOneThatItDidIsKept() {
        var limits = IndexLimits()
        limits.retiredDirectories = 0
        let index = DigestIndex(limits: limits)
        let gone = index.directory(origin: someOrigin, path: RawName("gone/deep"))
        let empty = index.directory(origin: someOrigin, path: RawName("empty"))
        let listed = index.directory(origin: someOrigin, path: RawName("listed"))
        index.apply([.insert(gone, "f", .make(1))])
        let pass = index.beginPass(origin: someOrigin)
        #expect(index.directory(origin: someOrigin, path: RawName("empty")) == empty)
        #expect(index.reconcile(directory: listed, pass: pass, files: []) == [])
        #expect(index.endPass(pass) == 1)
        let batch = index.apply([
            .insert(gone, "f", .make(1)), .insert(empty, "f", .make(2)), .insert(listed, "f", .make(3)),
        ])
        #expect(batch.refused == [0])
    }

    @Test func sweepTellsEachVanishedDigestOnce() {
        let told = Lock<[Batch]>([])
        insert(0..<50)
        let subscription = index.subscribe { batch in told.withLock { $0.append(batch) } }
        let pass = index.beginPass(origin: someOrigin)
        _ = index.reconcile(directory: directory, pass: pass, files: files(0..<7))
        index.endPass(pass)
        let batches = told.withLock { $0 }
        #expect(batches.allSatisfy { !$0.isEmpty && $0.vanished.count <= 3 })
        #expect(batches.map(\.sequence) == (2..<2 + UInt64(batches.count)).map { $0 })
        let vanished = batches.flatMap(\.vanished)
        #expect(vanished.count == 43)
        #expect(Set(vanished) == Set((7..<50).map(Digest.make)))
        subscription.cancel()
    }
}
