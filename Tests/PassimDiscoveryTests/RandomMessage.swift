import PassimTestKit

@testable import PassimDiscovery

/// Messages that are well-formed more often than not, with names that point to each other, and mutations of them.
enum RandomMessage {
    static func make(_ random: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        func put(_ word: Int) { bytes += [UInt8(word >> 8 & 255), UInt8(word & 255)] }
        let (questions, answers) = (
            Int.random(in: 0...4, using: &random), Int.random(in: 0...4, using: &random)
        )
        put(Int.random(in: 0...65535, using: &random))
        put(random.pick([0, 0, 0x200, 0x8400, 0x8400, 0x8600, 0x7800, 0x000F]))
        put(questions + (random.chance(5) ? 1 : 0))
        put(answers + (random.chance(5) ? 70 : 0))
        put(Int.random(in: 0...2, using: &random))
        put(0)
        /// Where labels begin.
        var places: [Int] = []
        func putName() {
            // Not of this name's own labels, as a rule.
            let earlier = random.chance(3) ? places + [bytes.count] : places
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                places.append(bytes.count)
                let label = Array(random.pick(labels).utf8)
                bytes.append(UInt8(label.count))
                bytes += label
            }
            if let place = earlier.randomElement(using: &random), random.chance(60) {
                put(
                    0xC000 | (random.chance(99) ? place : Int.random(in: 0...bytes.count + 2, using: &random))
                )
            } else {
                bytes.append(0)
            }
        }
        for _ in 0..<questions {
            putName()
            put(random.pick([12, 12, 255, 1, 33]))
            put(random.pick([1, 1, 0x8001, 255, 3]))
        }
        for _ in 0..<answers {
            putName()
            let isPointer = random.chance(70)
            put(isPointer ? 12 : random.pick([1, 16, 33, 47]))
            put(random.pick([1, 0x8001]))
            put(random.pick([0, 0, 1]))
            put(random.pick([0, 4, 5, 10, 4500]))
            let place = bytes.count
            put(0)
            if isPointer { putName() } else { bytes += random.bytes(Int.random(in: 0...20, using: &random)) }
            let size = bytes.count - place - 2 + (random.chance(3) ? 1 : 0)
            bytes[place] = UInt8(size >> 8)
            bytes[place + 1] = UInt8(size & 255)
        }
        if random.chance(10) { bytes += random.bytes(Int.random(in: 1...30, using: &random)) }
        return bytes
    }

    static func mutate(_ message: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var message = message
        for _ in 0..<random.pick([0, 0, 1, 2]) where !message.isEmpty {
            let place = Int.random(in: 0..<message.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: message[place] = random.pick([0, 1, 63, 64, 127, 128, 192, 193, 255])
            case 1: message.insert(random.pick([0, 0xC0, 12]), at: place)
            case 2: message.remove(at: place)
            case 3: message.removeLast(message.count - place)
            default: message[place] = UInt8.random(in: 0...255, using: &random)
            }
        }
        return message
    }

    private static let labels = [
        "a", "local", "_tcp", "_cache", "_sub", "Passim-1A2B", "LOCAL", String(repeating: "x", count: 40),
    ]
}
