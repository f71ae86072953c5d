import PassimCore
import PassimTestKit
import Testing

@testable import PassimWeb

struct PageQueryTests {
    private func query(_ text: String) -> PageQuery { PageQuery(Array(text.utf8)) }

    @Test func formIsRead() {
        let query = query("q=a+b%26c%C3%BC&directory=lvfs.conf&sort=modified&page=12&span=hour")
        #expect(query.search == "a b&cü")
        #expect(query.directory == "lvfs.conf")
        #expect(query.sort == .oldest)
        #expect(query.page == 12)
        #expect(query.offset == 550)
        #expect(query.span == .hour)
    }

    @Test(arguments: [
        "", "q=", "q", "&&", "=", "page=", "page=0", "page=-3", "page=x", "page=1.5", "sort=", "sort=other",
        "sort", "sort=-modified", "span=", "span=year",
        "other=x", "page=99999999999999999999999", "q=&q=", "directory=",
    ])
    func whatIsWrongIsNotGiven(text: String) {
        #expect(query(text) == PageQuery())
    }

    @Test func farPagesDoNotOverflow() {
        #expect(query("page=9223372036854775807").offset > 0)
    }

    @Test func searchIsTrimmedAndBounded() {
        #expect(query("q=++a%0A").search == "a")
        #expect(query("q=" + String(repeating: "x", count: 1000)).search.count == PageQuery.longestSearch)
        #expect(query("q=%FF%00").search == "\u{FFFD}\u{0}")
    }

    @Test func addressOfAnythingLeadsBackToIt() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            var made = PageQuery()
            let letters = Array("aZ0 &=+%#?/\"<>'üé日\u{202E}")
            made.search =
                String(
                    (0..<Int.random(in: 0...6, using: &random)).map { _ in
                        letters.randomElement(using: &random)!
                    }
                )
                .trimmed
            made.directory = String(
                (0..<Int.random(in: 0...4, using: &random)).map { _ in letters.randomElement(using: &random)!
                })
            made.sort = PageQuery.Sort.allCases.randomElement(using: &random)!
            made.span = PageQuery.Span.allCases.randomElement(using: &random)!
            made.page = Int.random(in: 1...5, using: &random)
            let href = made.href
            #expect(href.hasPrefix("/") && href.hasSuffix("#files"))
            let text = href.dropFirst().dropLast("#files".count)
            #expect(query(String(text.dropFirst())) == made, "\(href)")
        }
    }

    @Test func orderTurns() {
        #expect(PageQuery.Sort.name.turned == .nameDescending)
        #expect(PageQuery.Sort.nameDescending.turned == .name)
        #expect(PageQuery.Sort.biggest.order == .size)
        #expect(PageQuery.Sort.biggest.isDescending)
        #expect(PageQuery.Sort.newest.order == .modified)
        #expect(!PageQuery.Sort.oldest.isDescending)
        for sort in PageQuery.Sort.allCases {
            #expect(sort.turned.turned == sort && sort.turned.order == sort.order)
            #expect(sort.turned.isDescending != sort.isDescending)
        }
    }

    @Test func onlyTheWholePageIsAnOverview() {
        #expect(query("").isOverview && query("span=hour").isOverview)
        for text in ["q=x", "sort=name", "page=2", "directory=x"] {
            #expect(!query(text).isOverview, "\(text)")
        }
    }
}

extension String {
    /// Without the spaces around it.
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
