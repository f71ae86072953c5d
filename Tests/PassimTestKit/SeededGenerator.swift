internal import Glibc

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same numbers again for the same seed.
package struct SeededGenerator: RandomNumberGenerator, CustomStringConvertible {
    package let seed: UInt64
    private var state: UInt64

    package init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    /// The seed of PASSIM_SEED; without it always the same one, so that what CI holds a change against does not differ
    /// from run to run, but one that nobody chose with PASSIM_LONG. Name the generator in the expectation's comment,
    /// so that a failure can be replayed.
    package init() {
        let chosen = getenv("PASSIM_SEED").flatMap { UInt64(String(cString: $0)) }
        let isLong = getenv("PASSIM_LONG") != nil
        self.init(seed: chosen ?? (isLong ? UInt64.random(in: 0...UInt64.max) : 0x7061_7373_696D))
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    package mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 7)
        while bytes.count < count {
            withUnsafeBytes(of: next()) { bytes.append(contentsOf: $0) }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// True in so many of a hundred cases.
    package mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &self) < percent
    }

    /// - Parameter elements: not empty.
    package mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements.randomElement(using: &self)!
    }

    package var description: String { "SeededGenerator(seed: \(seed))" }
}
