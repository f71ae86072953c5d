/// An IP address as 16 bytes, IPv4 as `::ffff:a.b.c.d`, read from the text of a URL's host. No zones.
struct IPAddress: Hashable {
    let high: UInt64
    let low: UInt64

    /// 127/8, ::1 and ::ffff:127/104.
    var isLoopback: Bool {
        high == 0 && (low == 1 || low >> 24 == 0x0000_FFFF_7F)
    }

    /// - Parameter bytes: four decimal numbers without leading zeros.
    init?(ipv4 bytes: UnsafeRawBufferPointer) {
        guard let address = IPAddress.quad(bytes) else { return nil }
        high = 0
        low = 0x0000_FFFF_0000_0000 | UInt64(address)
    }

    /// - Parameter bytes: without brackets; any form of RFC 4291 section 2.2.
    init?(ipv6 bytes: UnsafeRawBufferPointer) {
        var words = Words()
        var rest = bytes
        var gap: Int?
        if rest.count >= 2, rest[0] == ASCII.colon {
            guard rest[1] == ASCII.colon else { return nil }
            gap = 0
            rest = rest.part(2..<rest.count)
        }
        while !rest.isEmpty {
            let end = rest.firstIndex(of: ASCII.colon) ?? rest.count
            let part = rest.part(0..<end)
            if end == rest.count, part.contains(ASCII.dot) {
                guard let address = IPAddress.quad(part), words.append(UInt16(address >> 16)),
                    words.append(UInt16(truncatingIfNeeded: address))
                else { return nil }
                break
            }
            guard let word = IPAddress.word(part), words.append(word) else { return nil }
            if end == rest.count { break }
            rest = rest.part(end + 1..<rest.count)
            // A colon is between two numbers, or half of the one "::".
            if rest.isEmpty { return nil }
            if rest[0] == ASCII.colon {
                if gap != nil { return nil }
                gap = words.count
                rest = rest.part(1..<rest.count)
            }
        }
        guard let (high, low) = words.value(gap: gap) else { return nil }
        self.high = high
        self.low = low
    }

    private static func quad(_ bytes: UnsafeRawBufferPointer) -> UInt32? {
        var address: UInt32 = 0
        var rest = bytes
        for index in 0..<4 {
            let end = rest.firstIndex(of: ASCII.dot) ?? rest.count
            guard (end < rest.count) == (index < 3), 1...3 ~= end, end == 1 || rest[0] != ASCII.zero else {
                return nil
            }
            var number: UInt32 = 0
            for digit in rest.part(0..<end) {
                guard ASCII.isDigit(digit) else { return nil }
                number = number * 10 + UInt32(digit - ASCII.zero)
            }
            guard number < 256 else { return nil }
            address = address << 8 | number
            rest = rest.part(min(end + 1, rest.count)..<rest.count)
        }
        return address
    }

    private static func word(_ bytes: UnsafeRawBufferPointer) -> UInt16? {
        guard 1...4 ~= bytes.count else { return nil }
        var word: UInt16 = 0
        for byte in bytes {
            let digit: UInt8
            switch ASCII.lowercased(byte) {
            case let number where ASCII.isDigit(number): digit = number - ASCII.zero
            case let letter where 0x61...0x66 ~= letter: digit = letter - 0x57
            default: return nil
            }
            word = word << 4 | UInt16(digit)
        }
        return word
    }

    /// Up to eight 16-bit numbers, in the order they were read.
    private struct Words {
        private var high: UInt64 = 0
        private var low: UInt64 = 0
        private(set) var count = 0

        mutating func append(_ word: UInt16) -> Bool {
            guard count < 8 else { return false }
            high = high << 16 | low >> 48
            low = low << 16 | UInt64(word)
            count += 1
            return true
        }

        /// - Parameter gap: how many numbers stand before "::", which stands for at least one zero.
        func value(gap: Int?) -> (high: UInt64, low: UInt64)? {
            guard let gap else { return count == 8 ? (high, low) : nil }
            guard count < 8 else { return nil }
            let whole = UInt128(high) << 64 | UInt128(low)
            let behind = 16 * UInt128(count - gap)
            let tail = whole & (1 << behind - 1)
            let head = (whole >> behind) << (16 * UInt128(8 - gap))
            let value = head | tail
            return (UInt64(truncatingIfNeeded: value >> 64), UInt64(truncatingIfNeeded: value))
        }
    }
}
