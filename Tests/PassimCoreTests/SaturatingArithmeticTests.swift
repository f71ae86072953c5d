import PassimCore
import Synchronization
import Testing

struct SaturatingArithmeticTests {
    @Test func sumIsTheNearestNumberThereIs() {
        #expect(UInt64.max.adding(saturating: 1) == .max)
        #expect(UInt64(5).adding(saturating: 7) == 12)
        #expect(Int.max.adding(saturating: 1) == .max)
        #expect(Int.min.adding(saturating: -1) == .min)
        #expect(Int8(-100).adding(saturating: 120) == 20)
        #expect([UInt64.max, 3, .max].saturatingSum == .max)
        #expect([UInt64]().saturatingSum == 0)
    }

    @Test func productIsTheNearestNumberThereIs() {
        #expect(UInt64.max.multiplied(saturatingBy: 2) == .max)
        #expect(UInt64(3).multiplied(saturatingBy: 4) == 12)
        #expect(Int.max.multiplied(saturatingBy: -2) == .min)
        #expect(Int.min.multiplied(saturatingBy: -1) == .max)
    }

    @Test(arguments: [
        (0, 0), (-0.9, 0), (1.9, 1), (9.3e18, Int.max), (-9.3e18, .min), (.infinity, .max),
        (-.infinity, .min),
        (.nan, 0), (9_223_372_036_854_775_807, .max), (9_223_372_036_854_774_784, 9_223_372_036_854_774_784),
        (.greatestFiniteMagnitude, .max),
    ])
    func wholeNumberIsTheNearestThereIs(value: Double, number: Int) {
        #expect(Int(saturating: value) == number)
    }

    @Test func wholeNumberWithoutSignIsTheNearestThereIs() {
        #expect(UInt64(saturating: -1) == 0)
        #expect(UInt64(saturating: 1.9e19) == .max)
        #expect(UInt8(saturating: 255.5) == 255)
    }

    @Test func sumOfSizesBalancesPast64Bits() {
        var sum = ByteSum()
        for _ in 0..<5 { sum.add(.max) }
        #expect(sum.clamped == .max)
        for _ in 0..<4 { sum.subtract(.max) }
        #expect(sum.clamped == .max)
        sum.subtract(.max - 7)
        #expect(sum.clamped == 7)
        var other = ByteSum()
        other.subtract(9)
        #expect(other.clamped == 0)
        other += sum
        #expect(other.double == -2)
        #expect((sum - other).clamped == 9)
    }

    @Test func atomicSumStaysAtItsMost() {
        let count = Atomic<UInt64>(.max - 3)
        count.add(saturating: 2)
        let near = count.load(ordering: .relaxed)
        count.add(saturating: 2)
        let most = count.load(ordering: .relaxed)
        #expect(near == UInt64.max - 1)
        #expect(most == UInt64.max)
    }
}
