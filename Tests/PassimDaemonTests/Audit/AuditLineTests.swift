import PassimCore
import PassimTestKit
import Testing

@testable import PassimDaemon

@Suite struct AuditLineTests {
    private let digest = Digest(words: (0x0123_4567_89AB_CDEF, 2, 3, 4))

    private func text(_ line: AuditLine) -> String {
        var bytes: [UInt8] = []
        line.append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func parse(_ text: String) -> AuditLine? { AuditLine(Array(text.utf8)) }

    @Test func linesAreThoseOfTheContract() {
        func line(_ event: AuditLine.Event) -> AuditLine {
            AuditLine(time: 1_767_225_599, digest: digest, basename: RawName("a file.bin"), event: event)
        }
        let start = "2025-12-31T23:59:59Z"
        let item = "hash=\(digest.hex),basename=a file.bin"
        #expect(
            text(line(.published(size: 5, cmdline: "fwupd")))
                == "\(start) PBLSH \(item),size=5,cmdline=fwupd\n")
        #expect(
            text(line(.shared(size: 7, client: "192.0.2.1")))
                == "\(start) SHARE \(item),size=7,ipaddr=192.0.2.1\n")
        #expect(text(line(.deleted)) == "\(start) DELTE \(item)\n")
    }

    @Test func whatMeansSomethingIsEscaped() {
        let line = AuditLine(
            time: 0, digest: digest, basename: RawName(#"a,b=c\d"#),
            event: .published(size: 0, cmdline: "x=1,y"))
        #expect(text(line).hasSuffix(#",basename=a\,b\=c\\d,size=0,cmdline=x\=1\,y"# + "\n"))
        #expect(parse(String(text(line).dropLast())) == line)
    }

    @Test func whatIsNoTextIsReplaced() {
        let line = AuditLine(
            time: 0, digest: digest, basename: RawName(bytes: [0x61, 0xFF, 0xC3]), event: .deleted)
        #expect(text(line).hasSuffix("basename=a\u{FFFD}\u{FFFD}\n"))
    }

    /// Controls, line ends and what turns the direction of text round, in names and command lines.
    @Test func whatIsShownNowhereIsEscaped() {
        let name = "a\nb\r\u{1B}[2J\u{7F}\u{85}\u{2028}\u{202E}gpj.exe"
        let line = AuditLine(
            time: 0, digest: digest, basename: RawName(name), event: .published(size: 0, cmdline: name))
        let shown = #"a\\u000ab\\u000d\\u001b[2J\\u007f\\u0085\\u2028\\u202egpj.exe"#
        #expect(text(line).hasSuffix("basename=\(shown),size=0,cmdline=\(shown)\n"))
        #expect(parse(String(text(line).dropLast()))?.basename == RawName(ForeignText.shown(name, in: .log)))
    }

    /// Names made of what is likely to break something.
    private func random(_ numbers: inout SeededGenerator, clean: Bool) -> [UInt8] {
        let pieces = [",", "=", "\\", " ", "a", "Z", "9", "ü", "世", "🙂", "hash=", "\\,", "%2C", "."]
        let dirt: [[UInt8]] = [
            [0x0A], [0x00], [0x7F], [0xFF], [0xC3], [0xE2, 0x80, 0xA8], [0xED, 0xA0, 0x80],
        ]
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 0..<12, using: &numbers) {
            bytes += !clean && numbers.chance(30) ? numbers.pick(dirt) : Array(numbers.pick(pieces).utf8)
        }
        return bytes
    }

    private func line(_ numbers: inout SeededGenerator, clean: Bool) -> AuditLine {
        let text = String(decoding: random(&numbers, clean: clean), as: UTF8.self)
        let size = UInt64.random(in: 0...UInt64.max, using: &numbers)
        return AuditLine(
            time: Int64.random(in: 0...253_402_300_799, using: &numbers),
            digest: Digest(bytes: numbers.bytes(32))!,
            basename: RawName(bytes: random(&numbers, clean: clean)),
            event: numbers.pick([
                .published(size: size, cmdline: text), .shared(size: size, client: text), .deleted,
            ]))
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        var numbers = SeededGenerator()
        let comment: Comment = "\(numbers)"
        for _ in 0..<2000 {
            let line = line(&numbers, clean: true)
            #expect(parse(String(text(line).dropLast())) == line, comment)
        }
    }

    @Test func whateverTheNamesHoldALineIsALine() throws {
        var numbers = SeededGenerator()
        let comment: Comment = "\(numbers)"
        for _ in 0..<2000 {
            var bytes: [UInt8] = []
            line(&numbers, clean: false).append(to: &bytes)
            #expect(bytes.count { $0 < 0x20 || $0 == 0x7F } == 1 && bytes.last == 0x0A, comment)
            #expect(String(validating: bytes, as: UTF8.self) != nil, comment)
            let read = try #require(AuditLine(Array(bytes.dropLast())), comment)
            #expect(text(read) == String(decoding: bytes, as: UTF8.self), comment)
        }
    }

    @Test func readerAgreesWithASimpleOne() {
        var numbers = SeededGenerator()
        let comment: Comment = "\(numbers)"
        var accepted = 0
        for _ in 0..<5000 {
            var bytes: [UInt8] = []
            line(&numbers, clean: true).append(to: &bytes)
            bytes.removeLast()
            for _ in 0..<Int.random(in: 0...2, using: &numbers) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &numbers)
                switch Int.random(in: 0..<4, using: &numbers) {
                case 0: bytes[place] = numbers.pick(Array(#",=\ TZ0aA.-"#.utf8))
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(numbers.pick(Array(#",=\ 0"#.utf8)), at: place)
                default: bytes.removeSubrange(place...)
                }
            }
            let text = String(validating: bytes, as: UTF8.self)
            let expected = text.flatMap { ReferenceAuditLine.parse($0) }
            #expect(AuditLine(bytes) == expected, "\(text ?? "no text")\n\(comment)")
            if expected != nil { accepted += 1 }
        }
        #expect(accepted > 500, comment)
    }

    @Test func anyBytesAreReadWithoutHarm() {
        var numbers = SeededGenerator()
        for _ in 0..<2000 {
            #expect(AuditLine(numbers.bytes(Int.random(in: 0..<200, using: &numbers))) == nil, "\(numbers)")
        }
    }

    @Test func stockLinesWithAFractionOfASecondAreRead() {
        let line = "2024-02-29T12:00:00.123456Z DELTE hash=\(digest.hex),basename=x"
        #expect(parse(line)?.time == 1_709_208_000)
    }

    @Test func orderOfKeysAndUnknownOnesDoNotMatter() {
        let line = "2024-02-29T12:00:00Z SHARE ipaddr=::1,size=4,new=x\\=y,basename=x,hash=\(digest.hex)"
        #expect(parse(line)?.event == .shared(size: 4, client: "::1"))
    }

    @Test(arguments: [
        "", " ", "2024-02-29T12:00:00Z", "2024-02-29T12:00:00Z SHARE", "2024-02-29T12:00:00Z SHARE ",
        "2024-02-29T12:00:00Z SHARE HASH,basename=x,size=4",
        "2024-02-29T12:00:00Z SHARE HASH,size=4,ipaddr=::1",
        "2024-02-29T12:00:00Z SHARE HASH,basename=x,size=4,ipaddr=::1,",
        "2024-02-29T12:00:00Z SHARE HASH,basename=x,size=-4,ipaddr=::1",
        "2024-02-29T12:00:00Z SHARE HASH,basename=x,size=18446744073709551616,ipaddr=::1",
        "2024-02-29T12:00:00Z SHARE HASH,basename=x,basename=x,size=4,ipaddr=::1",
        "2024-02-29T12:00:00Z SHARE HASH,basename=x=y,size=4,ipaddr=::1",
        "2024-02-29T12:00:00Z SHARE HASH,basename=x\\y,size=4,ipaddr=::1",
        "2024-02-29T12:00:00Z SHARE HASH,basename=x,size=4,ipaddr=\\",
        "2024-02-29T12:00:00Z SHARE HASH,basename=x,size=,ipaddr=::1",
        "2024-02-29T12:00:00Z share HASH,basename=x,size=4,ipaddr=::1",
        "2024-02-29T12:00:00Z OTHER HASH,basename=x,size=4,ipaddr=::1",
        "2023-02-29T12:00:00Z DELTE HASH,basename=x", "2024-02-29T24:00:00Z DELTE HASH,basename=x",
        "2024-02-29 12:00:00Z DELTE HASH,basename=x", "2024-02-29T12:00:00 DELTE HASH,basename=x",
        "2024-02-29T12:00:00.Z DELTE HASH,basename=x", "2024-02-29T12:00:00+01Z DELTE HASH,basename=x",
        "2024-02-29T12:00:00Z DELTE hash=12,basename=x", "2024-02-29T12:00:00Z DELTE HASH,basename=\tx",
        "2024-02-29T12:00:00Z  DELTE HASH,basename=x", "2024-02-29T12:00:00Z DELTE HASH,basename",
    ])
    func malformedLineIsNone(_ line: String) {
        let hash = "hash=\(digest.hex)"
        let parts = line.split(separator: "HASH", omittingEmptySubsequences: false)
        #expect(parse(parts.joined(separator: hash)) == nil)
    }
}
