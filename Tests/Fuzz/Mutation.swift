import PassimTestKit

/// Blind mutations of seeds, for where there is no libFuzzer to look at what they reach.
enum Mutation {
    static func mutate(
        _ seed: [UInt8], words: [String], others: [[UInt8]], _ random: inout SeededGenerator
    ) -> [UInt8] {
        var bytes = seed
        for _ in 0..<random.pick([1, 1, 1, 2, 3, 6]) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            let end = Int.random(in: place...min(place + 40, bytes.count), using: &random)
            switch Int.random(in: 0..<8, using: &random) {
            case 0: bytes.replaceSubrange(place..<min(place + 1, bytes.count), with: random.bytes(1))
            case 1: bytes.insert(contentsOf: random.bytes(1), at: place)
            case 2: bytes.removeSubrange(place..<end)
            case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
            case 4, 5: bytes.insert(contentsOf: random.pick(words).utf8, at: place)
            case 6: bytes.replaceSubrange(place..<end, with: random.pick(words).utf8)
            default: bytes.replaceSubrange(place..., with: part(of: random.pick(others), &random))
            }
        }
        return bytes
    }

    private static func part(of other: [UInt8], _ random: inout SeededGenerator) -> ArraySlice<UInt8> {
        other[Int.random(in: 0...other.count, using: &random)...]
    }
}
