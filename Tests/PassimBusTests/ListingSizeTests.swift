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
        fixture.object.state.withLock { state in
            state.items = names.enumerated().map { ItemDescription(name: $1, number: UInt64($0)) }
        }
        #expect(try await counted(fixture) == 100_000)
    }

    @Test func listingOfLongNamesIsCutWhereTheMessageIsFull() async throws {
        let fixture = try await Fixture.make()
        let tail = [UInt8](repeating: 0x61, count: 249)
        fixture.object.state.withLock { state in
            state.items = (0..<60_000).map { number in
                ItemDescription(name: RawName(bytes: Array("\(number)-".utf8) + tail), number: number)
            }
        }
        let count = try await counted(fixture)
        #expect(count > 50_000 && count < 60_000)
    }

    private let few = (0..<3).map { ItemDescription(name: RawName("\($0)"), number: $0) }

    /// How many of `few` are taken, and what becomes of them.
    private func filled(_ listing: consuming ItemListWriter) -> (taken: Int, body: [UInt8]) {
        var listing = listing
        var taken = 0
        for item in few {
            guard listing.add(item) else { break }
            taken += 1
        }
        return (taken, listing.finish()!.withBytes { Array($0) })
    }

    @Test func fullListingTakesNothingMore() {
        let two = filled(ItemListWriter(itemLimit: 2))
        #expect(two.taken == 2)
        // To the byte.
        let fitting = filled(ItemListWriter(sizeLimit: two.body.count))
        #expect(fitting == two)
        let small = filled(ItemListWriter(sizeLimit: two.body.count - 1))
        #expect(small.taken == 1)
        #expect(filled(ItemListWriter()).taken == 3)
    }
}
