import PassimCore
import Testing

@testable import PassimIndex

struct TimeTableTests {
    @Test(
        arguments: [
            (0, 0), (-1, 999_999_999), (1_700_000_000, 123_456_789),
            // The ends of ext4's range, and one past them.
            (-0x8000_0000, 0), (-0x8000_0001, 999_999_999), (0x3_7FFF_FFFF, 999_999_999), (0x3_8000_0000, 0),
            // The years 1 and 9999.
            (-62_135_596_800, 0), (253_402_300_799, 999_999_999),
            // What only a broken file system tells.
            (.max, 0), (.min, 0), (0, 1_000_000_000), (5, 1_073_741_823), (.max, .max), (.min, .max),
        ] as [(Int64, UInt32)])
    func timeComesBackExactly(seconds: Int64, nanoseconds: UInt32) {
        var table = TimeTable()
        let time = Timestamp(seconds: seconds, nanoseconds: nanoseconds)
        let other = Timestamp(seconds: seconds ^ 1 << 34, nanoseconds: nanoseconds)
        let packed = table.pack(time)!
        let packedOther = table.pack(other)!
        expect(table.unpack(packed) == time)
        expect(table.unpack(packedOther) == other)
        table.release(packedOther)
        expect(table.unpack(packed) == time)
        table.release(packed)
    }

    @Test func randomTimesComeBackExactly() {
        var random = SeededGenerator(seed: 3)
        var table = TimeTable()
        for _ in 0..<2000 {
            let shift = Int64.random(in: 0..<64, using: &random)
            let time = Timestamp(
                seconds: Int64(bitPattern: random.next()) >> shift,
                nanoseconds: UInt32.random(in: 0...1_100_000_000, using: &random))
            let packed = table.pack(time)!
            expect(table.unpack(packed) == time)
            if Bool.random(using: &random) { table.release(packed) }
        }
    }
}
