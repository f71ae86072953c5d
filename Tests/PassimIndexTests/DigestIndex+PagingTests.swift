import PassimCore
import PassimIndex
import Testing

struct DigestIndexPagingTests {
    private let index = DigestIndex()

    private func insert(_ numbers: some Sequence<Int>) {
        index.apply(
            numbers.map {
                let path = RawName("dir-\($0 / 50)")
                return .insert(index.directory(origin: someOrigin, path: path), "\($0)", .make($0), .make($0))
            })
    }

    private func remove(_ numbers: some Sequence<Int>) {
        index.apply(
            numbers.map {
                let path = RawName("dir-\($0 / 50)")
                return .remove(
                    directory: index.directory(origin: someOrigin, path: path), name: RawName("\($0)"))
            })
    }

    private func number(_ item: Item) -> Int { Int(item.entry.identity.inode) }

    @Test(arguments: [1, 7, 64, 100, 5000])
    func pagesTogetherAreTheWholeOnce(limit: Int) {
        insert(0..<1000)
        var byOffset: [Item] = []
        while byOffset.count < 1000 {
            let page = index.page(offset: byOffset.count, limit: limit, filter: nil)
            #expect(page.total == 1000)
            #expect(page.items.count == min(limit, 1000 - byOffset.count))
            guard !page.items.isEmpty else { return }
            byOffset += page.items
        }
        var byCursor: [Item] = []
        var next: EntryID?
        repeat {
            let page = index.page(after: next, limit: limit)
            #expect(page.items.count == min(limit, 1000 - byCursor.count))
            byCursor += page.items
            next = page.next
        } while next != nil
        #expect(byCursor == byOffset)
        #expect(Set(byOffset.map(number)) == Set(0..<1000))
        #expect(byOffset.allSatisfy { $0.path == RawName("dir-\(number($0) / 50)/\(number($0))") })
    }

    @Test func filesThatStayAreGivenOnceWhileOthersComeAndGo() {
        var random = SeededGenerator(seed: 4)
        insert(0..<600)
        var others = Set<Int>()
        var seen: [Int] = []
        var next: EntryID?
        repeat {
            let page = index.page(after: next, limit: 10)
            seen += page.items.map(number)
            next = page.next
            let fresh = (0..<20).map { _ in Int.random(in: 1000..<3000, using: &random) }
            insert(fresh)
            others.formUnion(fresh)
            let going = others.shuffled(using: &random).prefix(15)
            remove(going)
            others.subtract(going)
        } while next != nil
        #expect(seen.filter { $0 < 600 }.sorted() == Array(0..<600))
    }

    @Test func cursorOfAFileThatWentGoesOnBehindIt() {
        insert(0..<100)
        let all = index.page(after: nil, limit: 100).items
        let page = index.page(after: nil, limit: 40)
        remove(page.items.map(number))
        #expect(index.page(after: page.next, limit: 100).items == Array(all[40...]))
    }

    @Test func orderIsTheSameAgain() {
        insert(0..<300)
        let before = index.page(offset: 0, limit: 300, filter: nil).items.map(number)
        insert(300..<400)
        remove(300..<400)
        insert(0..<300)
        #expect(index.page(offset: 0, limit: 300, filter: nil).items.map(number) == before)
    }

    @Test func pagesPastTheEndAreEmpty() {
        insert(0..<10)
        #expect(index.page(offset: 10, limit: 5, filter: nil).items.isEmpty)
        #expect(index.page(offset: .max, limit: .max, filter: nil).total == 10)
        #expect(index.page(offset: -5, limit: 3, filter: "").items.count == 3)
        #expect(index.page(offset: 0, limit: 0, filter: nil).items.isEmpty)
        #expect(index.page(offset: 0, limit: -1, filter: "dir").items.isEmpty)
        #expect(index.page(after: EntryID(.max), limit: 5).items.isEmpty)
        #expect(index.page(after: nil, limit: 10).next == nil)
    }

    @Test func searchGivesWhatMatchesInTheOrderOfTheWhole() {
        insert(0..<1000)
        let all = index.page(offset: 0, limit: 1000, filter: nil).items
        let expected = all.filter { (100..<150).contains(number($0)) }
        let page = index.page(offset: 0, limit: 1000, filter: "DIR-2/")
        #expect(page.total == 50)
        #expect(page.items == expected)
        #expect(index.page(offset: 20, limit: 10, filter: "dir-2/").items == Array(expected[20..<30]))
        #expect(index.page(offset: 0, limit: 10, filter: "nothing").total == 0)
        #expect(index.page(offset: 0, limit: 10, filter: Digest.make(7).hex).items.map(number) == [7])
    }
}
