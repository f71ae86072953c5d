// Sums and times of numbers that strangers choose: a file may have 2^63 - 1 bytes without taking one of the disk, and
// three of those are more than 64 bits hold. Nothing that is shown is worth a crash.

package import Synchronization

extension FixedWidthInteger {
    /// The sum, or the nearest number that there is.
    // Inlinable: else the generic code runs, several hundred instructions for a sum.
    @inlinable @inline(__always)
    package func adding(saturating other: Self) -> Self {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    @inlinable @inline(__always)
    package mutating func add(saturating other: Self) {
        self = adding(saturating: other)
    }

    /// The product, or the nearest number that there is.
    @inlinable
    package func multiplied(saturatingBy other: Self) -> Self {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? ((self < 0) != (other < 0) ? .min : .max) : product
    }

    /// The whole part of `value`, or the nearest number that there is; 0 for what is no number.
    package init(saturating value: Double) {
        if value.isNaN {
            self = 0
        } else if value >= Double(Self.max) {
            self = .max
        } else if value <= Double(Self.min) {
            self = .min
        } else {
            self = Self(value)
        }
    }
}

extension Atomic where Value == UInt64 {
    /// From any thread; in one order with all other such operations.
    package func add(saturating number: UInt64) {
        var known = load(ordering: .relaxed)
        var isAdded = false
        while !isAdded {
            (isAdded, known) = compareExchange(
                expected: known, desired: known.adding(saturating: number), ordering: .sequentiallyConsistent)
        }
    }
}

extension Sequence where Element: FixedWidthInteger {
    @inlinable
    package var saturatingSum: Element { reduce(0) { $0.adding(saturating: $1) } }
}

/// A sum of sizes from which sizes are taken again: exact, so that both balance, and clamped only where it is told.
///
/// 2^63 sizes of 64 bits have room in it.
package struct ByteSum: Hashable, Sendable {
    private var exact: Int128 = 0

    package init() {}

    /// The number as far as 64 bits can say it.
    package var clamped: UInt64 { UInt64(clamping: exact) }

    /// For rates and shares.
    package var double: Double { Double(exact) }

    package mutating func add(_ size: UInt64) { exact += Int128(size) }

    package mutating func subtract(_ size: UInt64) { exact -= Int128(size) }

    package static func += (sum: inout ByteSum, other: ByteSum) { sum.exact += other.exact }

    package static func - (one: ByteSum, other: ByteSum) -> ByteSum {
        var difference = one
        difference.exact -= other.exact
        return difference
    }
}
