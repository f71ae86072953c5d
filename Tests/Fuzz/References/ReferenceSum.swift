/// A sum of any size, in decimal, as on paper.
struct ReferenceSum: CustomStringConvertible {
    /// The lowest digit first.
    private var digits: [UInt8] = [0]

    init(_ numbers: some Sequence<UInt64>) {
        for number in numbers { add(number) }
    }

    private mutating func add(_ number: UInt64) {
        var carry: UInt8 = 0
        var position = 0
        var other = Array(String(number).utf8.reversed().map { $0 - 0x30 })
        other += [UInt8](repeating: 0, count: max(0, digits.count - other.count))
        digits += [UInt8](repeating: 0, count: other.count - digits.count)
        while position < digits.count {
            let sum = digits[position] + other[position] + carry
            digits[position] = sum % 10
            carry = sum / 10
            position += 1
        }
        if carry > 0 { digits.append(carry) }
    }

    var description: String {
        let text = String(decoding: digits.reversed().drop { $0 == 0 }.map { $0 + 0x30 }, as: UTF8.self)
        return text.isEmpty ? "0" : text
    }

    /// 2^64 - 1 if it is more than that.
    var clamped: UInt64 { UInt64(description) ?? .max }

    var double: Double { digits.reversed().reduce(0) { $0 * 10 + Double($1) } }
}
