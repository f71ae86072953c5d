import PassimCore
import Testing

@testable import PassimIndex

/// Listings beside a plain implementation that keeps and sorts everything.
struct DigestIndexListingTests {
    private struct File {
        var origin: OriginID
        var path: RawName
        var identity: FileIdentity
    }

    private let index = DigestIndex()

    private func fill(_ count: Int, seed: UInt64 = 3) -> [File] {
        var random = SeededGenerator(seed: seed)
        let origins = [OriginID.published, OriginID(1), OriginID(2)]
        var files: [File] = []
        for number in 0..<count {
            let origin = origins.randomElement(using: &random)!
            let directory = RawName(["", "a", "a/b", "B/c-d"].randomElement(using: &random)!)
            // Some have the same beginning, some differ in length only.
            let letters = String(repeating: "x", count: Int.random(in: 0...9, using: &random))
            let name = RawName("\(["f", "F", "ü"].randomElement(using: &random)!)\(letters)-\(number)")
            var identity = FileIdentity.make(number, size: UInt64.random(in: 0...20, using: &random))
            identity.modified = Timestamp(
                seconds: Int64.random(in: -3...3, using: &random),
                nanoseconds: UInt32.random(in: 0...2, using: &random))
            index.apply([
                .insert(
                    directory: index.directory(origin: origin, path: directory), name: name,
                    digest: .make(number),
                    identity: identity, flags: [])
            ])
            files.append(File(origin: origin, path: directory.appending(name), identity: identity))
        }
        return files
    }

    /// What stands before the first `-` of a published file is not shown.
    private func shown(_ file: File) -> RawName {
        guard file.origin == .published, let dash = file.path.bytes.firstIndex(of: 0x2D) else {
            return file.path
        }
        return RawName(bytes: Array(file.path.bytes[(dash + 1)...]))
    }

    private func listing(
        _ order: ListingOrder, _ isDescending: Bool = false, _ filter: String = "", _ origin: OriginID? = nil
    )
        -> Listing
    {
        Listing(filter: filter, origin: origin, order: order, isDescending: isDescending) { path in
            path.firstIndex(of: 0x2D).map { $0 + 1 } ?? 0
        }
    }

    /// Keys of files in their order; equal ones may change places.
    private func key(_ file: File, _ order: ListingOrder) -> [Int64] {
        switch order {
        case .none: []
        case .name: shown(file).bytes.map { Int64($0) }
        case .size: [Int64(file.identity.size)]
        case .modified: [file.identity.modified.seconds, Int64(file.identity.modified.nanoseconds)]
        }
    }

    private func digest(of file: File) -> Digest { .make(Int(file.identity.inode)) }

    private func file(_ item: Item, _ files: [File]) -> File { files[Int(item.entry.identity.inode)] }

    @Test(arguments: [ListingOrder.name, .size, .modified], [false, true])
    func ordersAreThoseOfAPlainSort(order: ListingOrder, isDescending: Bool) {
        let files = fill(700)
        // Of names, of directories, and of both; what a digest could begin with; what no ASCII is.
        let filters = ["", "x-1", "C-D", "a/F", "b", "ÜX"].map { ($0, nil as OriginID?) }
        for (filter, origin) in filters + [("", OriginID(1)), ("FX", .published)] {
            let listing = listing(order, isDescending, filter, origin)
            let wanted = files.filter { file in
                (origin == nil || file.origin == origin)
                    && (filter.isEmpty || PathFilter(filter).matches(shown(file))
                        || digest(of: file).hex.hasPrefix(filter))
            }
            var expected = wanted.map { key($0, order) }.sorted { $0.lexicographicallyPrecedes($1) }
            if isDescending { expected.reverse() }
            var seen: [Item] = []
            for offset in stride(from: 0, through: wanted.count, by: 60) {
                let page = index.page(listing, offset: offset, limit: 60)
                #expect(page.total == wanted.count)
                seen += page.items
            }
            #expect(seen.map { key(file($0, files), order) } == expected)
            #expect(Set(seen.map(\.entry.id)).count == wanted.count)
            #expect(seen.allSatisfy { $0.path == file($0, files).path })
        }
    }

    @Test func listingWithoutOrderIsThatOfTheIndex() {
        _ = fill(300)
        let all = index.page(offset: 0, limit: 300, filter: nil).items
        #expect(index.page(Listing(), offset: 20, limit: 100).items == Array(all[20..<120]))
        let mine = all.filter { $0.entry.origin == OriginID(2) }
        let page = index.page(Listing(origin: OriginID(2)), offset: 5, limit: 10)
        #expect(page.total == mine.count)
        #expect(page.items == Array(mine[5..<15]))
        #expect(index.page(Listing(origin: OriginID(9)), offset: 0, limit: 10).total == 0)
    }

    @Test func pagesPastTheEndAreEmpty() {
        _ = fill(50)
        for order in [ListingOrder.none, .name, .size] {
            for offset in [50, 1000, 100_000, Int.max] {
                let page = index.page(listing(order, false, "f"), offset: offset, limit: 100)
                #expect(page.items.isEmpty)
                #expect(page.total > 0)
            }
            #expect(index.page(listing(order), offset: -1, limit: -1).items.isEmpty)
            #expect(index.page(listing(order), offset: 10, limit: .max).items.count == 40)
        }
    }

    /// Behind the first few thousand they are found by way of a sample.
    @Test(arguments: [false, true])
    func pagesFarBehindAreThoseOfAPlainSort(isDescending: Bool) {
        let count = 60_000
        var changes: [Change] = []
        let directory = index.directory(origin: someOrigin, path: RawName("d"))
        for number in 0..<count {
            // Many have the same size: then it is the number that decides, and no file may come twice.
            changes.append(
                .insert(directory, "\(number)", .make(number), .make(number, size: UInt64(number % 7))))
        }
        index.apply(changes)
        for order in [ListingOrder.size, .modified] {
            var seen = Set<EntryID>()
            for offset in [8000, 8100, 30_000, 30_100, 59_900, 59_950] {
                let page = index.page(listing(order, isDescending), offset: offset, limit: 100)
                #expect(page.total == count)
                #expect(page.items.count == min(100, count - offset))
                if offset != 59_950 { #expect(page.items.allSatisfy { seen.insert($0.entry.id).inserted }) }
                for (place, item) in page.items.enumerated() {
                    let rank = isDescending ? count - 1 - offset - place : offset + place
                    let inode = Int(item.entry.identity.inode)
                    switch order {
                    case .size: #expect(item.entry.identity.size == size(ofRank: rank, count))
                    default: #expect(inode == rank)
                    }
                }
            }
        }
    }

    /// Of files with the sizes 0 to 6 in turns.
    private func size(ofRank rank: Int, _ count: Int) -> UInt64 {
        var rest = rank
        for size in 0..<7 {
            let these = (count - size + 6) / 7
            if rest < these { return UInt64(size) }
            rest -= these
        }
        return 7
    }
}
