import PassimCore
import Testing

@testable import PassimBus

@Suite struct ItemPagingTests {
    private let items = (0..<5 as Range<UInt64>).map { number in
        ItemDescription(
            digest: Digest(words: (0xAB00 << 48 + number, 0, 0, 0)), filename: RawName("file-\(number).cab"),
            size: number, created: 0)
    }

    @Test func pageIsAPartOfWhatFits() {
        let page = items.page(offset: 1, limit: 2, filter: "")
        #expect(page.items.map(\.size) == [1, 2] && page.total == 5)
        #expect(items.page(offset: 9, limit: 2, filter: "").items.isEmpty)
        #expect(items.page(offset: .max, limit: .max, filter: "").total == 5)
    }

    @Test func filterIsPartOfANameOrTheBeginningOfADigest() {
        #expect(items.page(offset: 0, limit: 9, filter: "le-3").items.map(\.size) == [3])
        #expect(items.page(offset: 0, limit: 9, filter: "AB00").total == 5)
        #expect(items.page(offset: 0, limit: 9, filter: "b00").total == 0)
    }
}
