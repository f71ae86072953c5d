import PassimCore
import PassimTestKit
import Testing

@testable import passim

@Suite struct JSONWriterTests {
    private func text(_ body: (inout JSONWriter) -> Void) -> String {
        var json = JSONWriter()
        body(&json)
        return String(decoding: json.take(), as: UTF8.self)
    }

    @Test func valuesAreSeparated() {
        #expect(text { $0.object { _ in } } == "{}")
        #expect(text { $0.array { _ in } } == "[]")
        #expect(
            text { json in
                json.array { json in
                    json.value(1)
                    json.value(-2)
                    json.object { json in
                        json.field("a", "b")
                        json.key("c")
                        json.array { $0.null() }
                        json.field("d", true)
                    }
                    json.value(false)
                }
            } == #"[1,-2,{"a":"b","c":[null],"d":true},false]"#)
    }

    @Test func linesBreakBetweenValues() {
        #expect(
            text { json in
                json.array { json in
                    for number in 1...3 {
                        json.lineBreak()
                        json.value(number)
                    }
                    json.lineBreak()
                }
            } == "[\n1,\n2,\n3\n]")
        #expect(
            text { json in
                json.array { $0.lineBreak() }
            } == "[\n]")
    }

    @Test func numbersAreThoseOfJSON() {
        #expect(text { $0.value(UInt64.max) } == "18446744073709551615")
        #expect(text { $0.value(Int64.min) } == "-9223372036854775808")
        #expect(text { $0.value(0.026367) } == "0.026367")
        #expect(text { $0.value(Double.nan) } == "null")
        #expect(text { $0.value(-Double.infinity) } == "null")
        #expect(text { $0.object { $0.field("a", nil as Int?) } } == #"{"a":null}"#)
    }

    @Test func nothingInAStringEndsItOrMovesATerminal() {
        #expect(
            text { $0.value("a\"b\\c\nd\te\u{1B}[31m\u{7F}\u{9B}ü") }
                == #""a\"b\\c\nd\te\u001b[31m\u007f\u009bü""#)
        #expect(text { $0.value(RawName(bytes: [0x41, 0xFF, 0x42])) } == "\"A\u{FFFD}B\"")
    }

    @Test func anotherProgramReadsWhatWasWritten() throws {
        var generator = SeededGenerator()
        let seed = generator.seed
        var strings: [String] = []
        for _ in 0..<500 {
            let bytes = generator.bytes(Int.random(in: 0...24, using: &generator))
            strings.append(
                String(decoding: bytes.map { generator.chance(70) ? $0 & 0x3F : $0 }, as: UTF8.self))
        }
        var numbers = (0..<200).map { _ in Double(bitPattern: generator.next()) }.filter(\.isFinite)
        numbers += [0, -0.0, 1e-7, Double.leastNonzeroMagnitude, 1.7976931348623157e308]
        var json = JSONWriter()
        json.object { json in
            json.key("strings")
            json.array { json in
                for (index, string) in strings.enumerated() {
                    if index % 7 == 0 { json.lineBreak() }
                    json.value(string)
                }
            }
            json.key("numbers")
            json.array { json in for number in numbers { json.value(number) } }
        }
        let tree = try TemporaryTree()
        try tree.write("file.json", json.take())
        let program = """
            import json, struct, sys
            value = json.load(open(sys.argv[1], encoding="utf-8"))
            for text in value["strings"]: print(text.encode().hex())
            for number in value["numbers"]: print(struct.pack(">d", number).hex())
            """
        let output = try Command.succeed(["python3", "-c", program, tree.absolute("file.json")])
        let wanted =
            strings.map { hex(Array($0.utf8)) }
            + numbers.map { number in withUnsafeBytes(of: number.bitPattern.bigEndian) { hex(Array($0)) } }
        #expect(output.text == wanted.map { $0 + "\n" }.joined(), "seed \(seed)")
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
