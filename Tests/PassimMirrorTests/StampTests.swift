import PassimCore
import PassimTestKit
import Testing

@testable import PassimMirror

@Suite struct StampTests {
    /// Written the simple way.
    private func reference(_ identity: FileIdentity) -> String {
        let nanoseconds = String(identity.modified.nanoseconds)
        return "\(identity.size):\(identity.modified.seconds)."
            + String(repeating: "0", count: 9 - nanoseconds.count) + nanoseconds
    }

    private func identity(_ size: UInt64, _ seconds: Int64, _ nanoseconds: UInt32) -> FileIdentity {
        let time = Timestamp(seconds: seconds, nanoseconds: nanoseconds)
        return FileIdentity(device: 1, inode: 2, size: size, modified: time, changed: time)
    }

    @Test func bytesAreThoseOfTheSimpleWay() {
        var generator = SeededGenerator()
        let seed = "\(generator)"
        let edges: [UInt64] = [0, 1, 9, 10, 99, 100, 4096, 1 << 32, .max - 1, .max]
        var cases: [FileIdentity] = []
        for size in edges {
            for seconds in [0, 1, -1, 1_700_000_000, Int64.max, Int64.min] {
                for nanoseconds in [0, 1, 10, 999_999_999] as [UInt32] {
                    cases.append(identity(size, seconds, nanoseconds))
                }
            }
        }
        for _ in 0..<1000 {
            let shift = UInt64.random(in: 0..<64, using: &generator)
            cases.append(
                identity(
                    UInt64.random(in: 0 ... .max, using: &generator) >> shift,
                    Int64.random(in: .min ... .max, using: &generator) >> Int64(shift),
                    UInt32.random(in: 0..<1_000_000_000, using: &generator)))
        }
        for identity in cases {
            let text = String(decoding: Stamp(identity).bytes, as: UTF8.self)
            #expect(text == reference(identity), "\(seed)")
            #expect(text.utf8.count <= Stamp.longest)
        }
    }
}
