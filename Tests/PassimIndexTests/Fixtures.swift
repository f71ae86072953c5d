import PassimCore
import Testing

/// SplitMix64: the same seed gives the same run again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}

extension Digest {
    /// A digest that looks like one; the same for the same number.
    static func make(_ number: Int) -> Digest {
        var random = SeededGenerator(seed: UInt64(number))
        return Digest(words: (random.next(), random.next(), random.next(), random.next()))
    }

    /// All with the same first byte, and the same bits where the index takes its hash from.
    static func makeColliding(_ number: Int) -> Digest {
        Digest(words: (0x7700_0000_0000_0000, 42, 0, UInt64(number)))
    }
}

extension FileIdentity {
    static func make(_ number: Int, size: UInt64 = 100, device: UInt64 = 1) -> FileIdentity {
        FileIdentity(
            device: device, inode: UInt64(number), size: size,
            modified: Timestamp(seconds: 1_700_000_000 + Int64(number), nanoseconds: 1),
            changed: Timestamp(seconds: 1_700_000_000 + Int64(number), nanoseconds: 2))
    }
}

extension Change {
    static func insert(
        _ directory: DirectoryID, _ name: String, _ digest: Digest, _ identity: FileIdentity = .make(0),
        flags: ItemFlags = []
    ) -> Change {
        .insert(directory: directory, name: RawName(name), digest: digest, identity: identity, flags: flags)
    }
}

let someOrigin = OriginID(7)

/// `#expect` for conditions on values that cannot be copied, which the macro would have to.
func expect(_ condition: Bool, _ location: SourceLocation = #_sourceLocation) {
    #expect(condition, sourceLocation: location)
}
