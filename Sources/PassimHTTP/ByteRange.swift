package enum RangeOutcome: Sendable, Equatable {
    /// 200: no range, or none that we take up.
    case whole
    /// 206.
    case part(ByteRange)
    /// 416.
    case unsatisfiable
}

/// A part of a file: `count` bytes from offset `first`; at least one, all of them inside the file.
package struct ByteRange: Sendable, Hashable {
    package var first: UInt64
    package var count: UInt64

    package init(first: UInt64, count: UInt64) {
        self.first = first
        self.count = count
    }

    package var last: UInt64 { first + count - 1 }

    /// Resolves a Range field for a file of `size` bytes (RFC 9110 section 14).
    ///
    /// Exactly one range of bytes is taken up. Several, another unit and anything malformed are ignored, as a
    /// server may. Positions too big for 64 bits count as the biggest there is. In an empty file no position
    /// exists; a suffix of it is the whole, and is sent as such because Content-Range cannot say "no bytes".
    package static func resolve(header: UnsafeRawBufferPointer?, size: UInt64) -> RangeOutcome {
        guard let header, header.startsIgnoringCase(with: "bytes=") else { return .whole }
        var elements = CommaList(header.part(6..<header.count))
        guard let element = elements.next(), elements.next() == nil else { return .whole }
        guard let hyphen = element.firstIndex(of: ASCII.hyphen) else { return .whole }
        let before = element.part(0..<hyphen)
        let after = element.part(hyphen + 1..<element.count)
        if before.isEmpty {
            guard let length = decimal(after) else { return .whole }
            return suffix(length, of: size)
        }
        guard let first = decimal(before) else { return .whole }
        var last = UInt64.max
        if !after.isEmpty {
            guard let given = decimal(after), given >= first else { return .whole }
            last = given
        }
        guard first < size else { return .unsatisfiable }
        return .part(ByteRange(first: first, count: min(last, size - 1) - first + 1))
    }

    private static func suffix(_ length: UInt64, of size: UInt64) -> RangeOutcome {
        if length == 0 { return .unsatisfiable }
        if size == 0 { return .whole }
        let count = min(length, size)
        return .part(ByteRange(first: size - count, count: count))
    }

    /// - Returns: nil for no digits or other characters; `UInt64.max` for what is too big.
    private static func decimal(_ digits: UnsafeRawBufferPointer) -> UInt64? {
        if digits.isEmpty { return nil }
        var value: UInt64 = 0
        var overflow = false
        for digit in digits {
            guard ASCII.isDigit(digit) else { return nil }
            let (product, tooBig) = value.multipliedReportingOverflow(by: 10)
            let (sum, stillTooBig) = product.addingReportingOverflow(UInt64(digit - ASCII.zero))
            if tooBig || stillTooBig { overflow = true }
            value = sum
        }
        return overflow ? .max : value
    }
}
