import PassimCore
import PassimTestKit
import Testing

@testable import PassimMirror

@Suite struct StampTests {
    /// The old form, written the simple way.
    private func reference(_ identity: FileIdentity) -> String {
        let nanoseconds = String(identity.modified.nanoseconds)
        return "\(identity.size):\(identity.modified.seconds)."
            + String(repeating: "0", count: 9 - nanoseconds.count) + nanoseconds
    }

    private func identity(
        _ size: UInt64, _ seconds: Int64, _ nanoseconds: UInt32, inode: UInt64 = 2
    ) -> FileIdentity {
        let time = Timestamp(seconds: seconds, nanoseconds: nanoseconds)
        return FileIdentity(device: 1, inode: inode, size: size, modified: time, changed: time)
    }

    @Test func bytesAreThoseOfTheSimpleWay() {
        var generator = SeededGenerator()
        let seed = "\(generator)"
        let edges: [UInt64] = [0, 1, 9, 10, 99, 100, 4096, 1 << 32, .max - 1, .max]
        var cases: [FileIdentity] = []
        for size in edges {
            for seconds in [0, 1, -1, 1_700_000_000, Int64.max, Int64.min] {
                for nanoseconds in [0, 1, 10, 999_999_999] as [UInt32] {
                    cases.append(identity(size, seconds, nanoseconds, inode: size))
                }
            }
        }
        for _ in 0..<1000 {
            let shift = UInt64.random(in: 0..<64, using: &generator)
            cases.append(
                identity(
                    UInt64.random(in: 0 ... .max, using: &generator) >> shift,
                    Int64.random(in: .min ... .max, using: &generator) >> Int64(shift),
                    UInt32.random(in: 0..<1_000_000_000, using: &generator),
                    inode: UInt64.random(in: 0 ... .max, using: &generator) >> shift))
        }
        for identity in cases {
            let old = String(decoding: Stamp(old: identity).bytes, as: UTF8.self)
            #expect(old == reference(identity), "\(seed)")
            for name in ["-", "0123456789abcdef", String(repeating: "f", count: 32)] {
                let volume = Volume(id: nil, type: "ext4", device: 1, stampName: name)
                let text = String(decoding: Stamp(identity, on: volume).bytes, as: UTF8.self)
                #expect(text == "v2:\(old):\(identity.inode):\(name)", "\(seed)")
                #expect(text.utf8.count <= Stamp.longest)
            }
        }
    }
}
