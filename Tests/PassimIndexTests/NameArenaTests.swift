import Testing

@testable import PassimIndex

struct NameArenaTests {
    @Test func namesOfAllLengthsComeBackAsTheyWere() {
        var arena = NameArena()
        var places: [(UInt32, [UInt8])] = []
        for length in 0...NameArena.longestName {
            let name = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ length) }
            let place = name.withUnsafeBytes { arena.append($0) }
            guard let place else {
                Issue.record("\(length) bytes refused")
                return
            }
            places.append((place, name))
        }
        for (place, name) in places {
            expect(Array(arena.name(at: place)) == name)
            expect(name.withUnsafeBytes { arena.isName(at: place, $0) })
            expect(!(name + [1]).withUnsafeBytes { arena.isName(at: place, $0) })
        }
    }

    @Test func longerNameIsRefused() {
        var arena = NameArena()
        let name = [UInt8](repeating: 65, count: NameArena.longestName + 1)
        expect(name.withUnsafeBytes { arena.append($0) } == nil)
    }

    @Test func arenaIsWastefulWhenMoreThanHalfIsGarbage() {
        var arena = NameArena()
        let name = [UInt8](repeating: 65, count: 99)
        let places = (0..<1000).map { _ in name.withUnsafeBytes { arena.append($0) }! }
        for place in places[..<400] { arena.release(place) }
        expect(!arena.isWasteful)
        for place in places[400..<650] { arena.release(place) }
        expect(arena.isWasteful)
    }
}
