import PassimBus
import PassimCore
import PassimTestKit
import Testing

/// On a bus with the system's limits: 32 MiB a message. How long it takes says scripts/bench, of an optimized build.
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
        let tail = [UInt8](repeating: 0xFF, count: 245)
        fixture.shelf.state.withLock { state in
            state.items = (0..<30_000).map { number in
                // Each of these bytes becomes three on the bus.
                ItemDescription(name: RawName(bytes: Array("\(number)-".utf8) + tail), number: number)
            }
        }
        let count = try await counted(fixture)
        #expect(count > 20_000 && count < 30_000)
    }
}
