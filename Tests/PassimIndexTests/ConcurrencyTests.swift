import PassimCore
import PassimIndex
import Testing

/// Readers and writers at once. Run it with ThreadSanitizer too.
struct ConcurrencyTests {
    private static let rounds = 300

    @Test func readersSeeWholeEntriesWhileWritersChangeThem() async {
        let index = DigestIndex()
        let lasting = OriginID(1)
        let stay = index.directory(origin: lasting, path: RawName("stay"))
        index.apply((0..<200).map { .insert(stay, "\($0)", .make($0), .make($0)) })

        let known = Lock<(digests: Set<Digest>, sequence: UInt64, gaps: Int)>(
            (Set((0..<200).map(Digest.make)), 1, 0))
        let subscription = index.subscribe { batch in
            known.withLock { known in
                if batch.sequence != known.sequence + 1 { known.gaps += 1 }
                known.sequence = batch.sequence
                known.digests.formUnion(batch.appeared)
                known.digests.subtract(batch.vanished)
            }
        }
        await withTaskGroup(of: Void.self) { group in
            for writer in 2...3 {
                group.addTask { Self.write(index, OriginID(UInt32(writer))) }
            }
            for reader in 0..<3 {
                group.addTask { Self.read(index, lasting, seed: UInt64(reader)) }
            }
        }
        #expect(known.withLock { $0.gaps } == 0)
        var listed: Set<Digest> = []
        var next: EntryID?
        repeat {
            let page = index.page(after: next, limit: 100)
            listed.formUnion(page.items.map(\.entry.digest))
            next = page.next
        } while next != nil
        #expect(known.withLock { $0.digests } == listed)
        #expect(index.digestCount == listed.count)
        #expect(index.totals(origin: lasting).files == 200)
        subscription.cancel()
    }

    /// Files named after the number of their digest and of their inode, so that a reader can tell a mixture.
    private static func write(_ index: DigestIndex, _ origin: OriginID) {
        var random = SeededGenerator(seed: UInt64(origin.number))
        for round in 0..<rounds {
            let path = RawName("d\(Int.random(in: 0..<20, using: &random))/e")
            let directory = index.directory(origin: origin, path: path)
            index.apply(
                (0..<20).map { _ in
                    let number = Int.random(in: 150..<600, using: &random)
                    return .insert(directory, "\(number)", .make(number), .make(number))
                })
            switch round % 10 {
            case 3: index.removeAll(origin: origin, below: path)
            case 6:
                let visit = index.beginVisit(directory)
                let files = (150..<400).map { (RawName("\($0)"), FileIdentity.make($0)) }
                _ = index.see(visit, files: files)
                index.endVisit(visit, sweeping: true)
            case 9:
                for number in 400..<450 {
                    if let entry = index.find(.make(number)), entry.origin == origin {
                        index.apply([.drop(entry)])
                    }
                }
            default: break
            }
        }
    }

    private static func read(_ index: DigestIndex, _ lasting: OriginID, seed: UInt64) {
        var random = SeededGenerator(seed: 100 + seed)
        for round in 0..<rounds * 20 {
            let number = Int.random(in: 0..<700, using: &random)
            let entry = index.find(.make(number))
            if number < 200 { #expect(entry != nil) }
            if let entry {
                #expect(entry.digest == .make(number) && entry.identity == .make(number))
                if let path = index.path(of: entry) { #expect(path.basename == RawName("\(number)")) }
            }
            if round % 500 == 0 {
                let page = index.page(offset: round / 10, limit: 50, filter: nil)
                #expect(page.items.allSatisfy { $0.path.basename == RawName("\($0.entry.identity.inode)") })
                var staying = 0
                var next: EntryID?
                repeat {
                    let page = index.page(after: next, limit: 64)
                    staying += page.items.filter { $0.entry.origin == lasting }.count
                    next = page.next
                } while next != nil
                #expect(staying == 200)
            }
        }
    }
}
