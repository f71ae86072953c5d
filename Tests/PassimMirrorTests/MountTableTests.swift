import PassimCore
import PassimTestKit
import Testing

@testable import PassimMirror

@Suite struct MountTableTests {
    private func points(_ text: String) -> [RawName] {
        MountTable.parse(Array(text.utf8)).map(\.point).sorted()
    }

    @Test func mountPointsAreTheFifthFieldUnescaped() {
        let text = """
            36 35 98:0 / / rw,noatime master:1 - ext3 /dev/root rw
            37 36 0:5 / /dev rw - devtmpfs udev rw
            38 36 0:7 /a\\040b /srv/with\\040blank\\011tab\\012line\\134back rw shared:2 - ext4 /dev/sda rw

            """
        #expect(points(text) == ["/", "/dev", "/srv/with blank\ttab\nline\\back"].map { RawName($0) })
    }

    @Test(arguments: [
        "", "\n", "\n\n", " ", "36", "36 35 98:0 /", "36 35 98:0 / /mnt", "36 35 98:0 / mnt rw",
        "36 35 98:0 /  rw - x",
    ])
    func whatIsNoMountIsPassedOver(_ text: String) {
        #expect(points(text) == [])
        #expect(points("1 0 0:1 / /a rw\n\(text)\n2 1 0:2 / /b rw\n") == [RawName("/a"), RawName("/b")])
    }

    @Test(arguments: [
        ("/\\", "/\\"), ("/\\0", "/\\0"), ("/\\04", "/\\04"), ("/\\048", "/\\048"), ("/\\0400", "/ 0"),
        ("/\\\\040", "/\\ "), ("/\\1341", "/\\1"),
    ])
    func onlyThreeOctalDigitsAreAnEscape(_ escaped: String, _ point: String) {
        #expect(points("1 0 0:1 / \(escaped) rw") == [RawName(point)])
    }

    @Test func otherMountInTheSamePlaceIsAnother() {
        let one = MountTable.parse(Array("1 0 0:1 / /a rw\n".utf8))
        let two = MountTable.parse(Array("1 0 0:1 / /a rw\n2 1 0:2 / /a rw\n".utf8))
        #expect(one.symmetricDifference(two).map(\.point) == [RawName("/a")])
    }

    @Test func thisMachinesMountsAreRead() throws {
        let table = try MountTable()
        #expect(try table.changedPoints().isEmpty)
    }

    /// Lines that nearly are some, against a parser that goes byte by byte.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func parserAgreesWithASimpleOne(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "36", " ", " ", " ", " ", "/", "\\", "040", "134", "7", "8", "\n", "a", "98:0", "rw", "\u{FC}",
        ]
        for _ in 0..<500 {
            var text: [UInt8] = []
            for _ in 0..<Int.random(in: 0..<40, using: &random) { text += Array(random.pick(pieces).utf8) }
            #expect(MountTable.parse(text) == simpleParse(text), "\(random): \(text)")
        }
    }

    private func simpleParse(_ text: [UInt8]) -> Set<MountTable.Mount> {
        var found: Set<MountTable.Mount> = []
        var fields: [[UInt8]] = [[]]
        for byte in text + [0x0A] {
            if byte == 0x20 {
                fields.append([])
            } else if byte != 0x0A {
                fields[fields.count - 1].append(byte)
            } else {
                if fields.count > 5, fields[4].first == 0x2F {
                    found.insert(MountTable.Mount(identifier: fields[0], point: simpleUnescape(fields[4])))
                }
                fields = [[]]
            }
        }
        return found
    }

    private func simpleUnescape(_ field: [UInt8]) -> RawName {
        var bytes: [UInt8] = []
        var index = 0
        while index < field.count {
            let text = String(decoding: field[index...].prefix(4).dropFirst(), as: UTF8.self)
            if field[index] == 0x5C, text.utf8.count == 3, let value = Int(text, radix: 8),
                !text.contains("+"),
                !text.contains("-")
            {
                bytes.append(UInt8(truncatingIfNeeded: value))
                index += 4
            } else {
                bytes.append(field[index])
                index += 1
            }
        }
        return RawName(bytes: bytes)
    }

    @Test(arguments: [
        ("/a/b", "/a", "b"), ("/a/b", "/", "a/b"), ("/a/b", "/a/b", ""), ("/", "/", ""),
        ("/a/b/c", "/a", "b/c"),
        ("/ab", "/a", nil), ("/a", "/a/b", nil), ("/b", "/a", nil),
    ])
    func pathIsRelativeToWhatIsAboveIt(_ path: String, _ directory: String, _ rest: String?) {
        #expect(RawName(path).relative(to: RawName(directory)) == rest.map { RawName($0) })
    }
}
