import PassimCore
import PassimGLib
import PassimTestKit
import Testing

@testable import PassimBus

/// On a bus with the system's limits: 32 MiB a message.
@Suite(.serialized, .timeLimit(.minutes(30))) struct ListingSizeTests {
    private func counted(_ fixture: Fixture) async throws -> Int {
        // The seconds are for a machine that is busy, and a build that is not optimized.
        let answer = try await fixture.client.run("count", "600", seconds: 600)
        #expect(answer.error == nil, "\(answer.message)")
        let words = try #require(answer.lines.first).split(separator: " ")
        return try #require(Int(words[0]))
    }

    @Test func listingOfManyItemsFits() async throws {
        let fixture = try await Fixture.make()
        let names = (0..<100_001).map { RawName("firmware-\($0).cab") }
        fixture.shelf.state.withLock { state in
            state.items = names.enumerated().map { ItemDescription(name: $1, number: UInt64($0)) }
        }
        #expect(try await counted(fixture) == 100_000)
    }

    @Test func listingOfLongNamesIsCutWhereTheMessageIsFull() async throws {
        let fixture = try await Fixture.make()
        let tail = [UInt8](repeating: 0x61, count: 249)
        fixture.shelf.state.withLock { state in
            state.items = (0..<60_000).map { number in
                ItemDescription(name: RawName(bytes: Array("\(number)-".utf8) + tail), number: number)
            }
        }
        let count = try await counted(fixture)
        #expect(count > 50_000 && count < 60_000)
    }

    @Test func fullListingTakesNothingMore() {
        var listing = ItemListing(itemLimit: 2)
        let items = (0..<3).map { ItemDescription(name: RawName("\($0)"), number: $0) }
        let taken = items.map { listing.add($0) }
        let list = listing.finish()
        #expect(taken == [true, true, false] && list.children.count == 2)
        var small = ItemListing(sizeLimit: 600)
        let long = [300, 600].map { RawName(String(repeating: "a", count: $0)) }
        let fits = long.map { small.add(ItemDescription(name: $0, number: 0)) }
        let cut = small.finish()
        #expect(fits == [true, false] && cut.children.count == 1)
    }
}
