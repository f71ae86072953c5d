import PassimCore
import PassimTestKit
import Testing

@Suite struct RawNameTests {
    @Test(arguments: [
        ("plain.cab", "plain.cab"), ("", ""), ("with space", "with space"), ("é🙂", "é🙂"), ("a\nb", "a\\x0ab"),
        ("\u{1B}[2J", "\\x1b[2J"), ("\u{7F}", "\\x7f"), ("\u{85}", "\\xc2\\x85"),
        ("back\\slash", "back\\x5cslash"),
        ("e\u{301}", "e\u{301}"),
    ])
    func descriptionIsFitForALog(name: String, expected: String) {
        #expect(RawName(name).description == expected)
    }

    @Test(
        arguments: [
            ([0xFF], "\\xff"), ([0x61, 0xC3], "a\\xc3"), ([0xC3, 0x28], "\\xc3("),
            ([0xC0, 0x80], "\\xc0\\x80"),
            ([0xED, 0xA0, 0x80], "\\xed\\xa0\\x80"), ([0xF5, 0x80, 0x80, 0x80], "\\xf5\\x80\\x80\\x80"),
            ([0xE2, 0x82, 0x61], "\\xe2\\x82a"), ([0x00, 0x09], "\\x00\\x09"),
        ] as [([UInt8], String)])
    func bytesThatAreNotUTF8AreEscaped(bytes: [UInt8], expected: String) {
        #expect(RawName(bytes: bytes).description == expected)
    }

    /// The description loses nothing: undoing the escapes gives the bytes back.
    @Test(arguments: 1...5)
    func descriptionCanBeUndone(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let units: [[UInt8]] = [
            [0x61], [0x5C], [0x0A], [0xC3, 0xA9], [0xC3], [0xFF], [0xE2, 0x82, 0xAC], [0xE2, 0x82],
        ]
        for _ in 0..<300 {
            let bytes = (0..<Int.random(in: 0...8, using: &generator))
                .flatMap { _ in units.randomElement(using: &generator)! }
            let text = RawName(bytes: bytes).description
            #expect(!text.unicodeScalars.contains { $0.value < 0x20 || $0 == "\u{FFFD}" })
            #expect(try undo(text) == bytes)
        }
    }

    private func undo(_ text: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte != 0x5C {
                bytes.append(byte)
                continue
            }
            #expect(rest.popFirst() == 0x78)
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            rest = rest.dropFirst(2)
            bytes.append(try #require(UInt8(digits, radix: 16)))
        }
        return bytes
    }

    @Test(arguments: [
        ("a/b/c", "c", "a/b"), ("a", "a", ""), ("", "", ""), ("a/b", "b", "a"),
    ])
    func pathIsTakenApart(path: String, basename: String, parent: String) {
        #expect(RawName(path).basename == RawName(basename))
        #expect(RawName(path).parent == RawName(parent))
        #expect(RawName(parent).appending(RawName(basename)) == RawName(path))
    }

    @Test func orderIsThatOfTheBytes() {
        let names = [[0xFF], [0x61, 0x62], [0x61], [], [0x5A]].map { RawName(bytes: $0) }
        #expect(names.sorted().map(\.bytes) == [[], [0x5A], [0x61], [0x61, 0x62], [0xFF]])
    }

    @Test func namesAreTheSameWhereAllTheirBytesAre() {
        let all = [[], [0x61], [0x62], [0x61, 0x62], [0x61, 0x63], [0xFF, 0x61]].map { RawName(bytes: $0) }
        for (number, one) in all.enumerated() {
            for (other, two) in all.enumerated() { #expect((one == two) == (number == other)) }
            #expect(one.hashValue == RawName(bytes: Array(one.bytes)).hashValue)
        }
        #expect(Set(all).count == all.count)
    }

    @Test func normalFormsAreDifferentNames() {
        #expect(RawName("é") != RawName("e\u{301}"))
        #expect(Set([RawName("é"), RawName("e\u{301}")]).count == 2)
    }
}
