import PassimCore
import PassimGLib
import PassimTestKit
import Testing

@testable import PassimSync

@Suite struct SignedNamesTests {
    private let tree: TemporaryTree

    init() throws {
        tree = try TemporaryTree()
    }

    /// What gzip(1) makes of it.
    private func packed(_ bytes: [UInt8]) throws -> [UInt8] {
        try tree.write("file", bytes)
        return try Command.succeed(["gzip", "-c", tree.absolute("file")]).output
    }

    private static let digest = String(repeating: "ab", count: 32)

    @Test func namesAndDigestsAreRead() throws {
        let text = """
            {"JcatVersionMajor": 0, "Items": [
              {"Id": "firmware-1.xml.gz", "AliasIds": ["firmware.xml.gz"], "Blobs": [
                {"Kind": 3, "Flags": 1, "Data": "-----BEGIN PKCS7-----\\n"},
                {"Kind": 1, "Flags": 1, "Timestamp": 1.5e3, "Data": "\(Self.digest)"}]},
              {"Id": "caf\\u00e9 \\ud83d\\ude00", "Blobs": []}]}
            """
        let signed = try #require(SignedNames(try packed(Array(text.utf8))))
        #expect(
            signed.items == [
                SignedNames.Item(
                    id: RawName("firmware-1.xml.gz"), aliases: [RawName("firmware.xml.gz")],
                    digest: Digest(hex: Self.digest)),
                SignedNames.Item(id: RawName("café 😀"), aliases: [], digest: nil),
            ])
    }

    @Test(arguments: [
        "", "{}", "[]", "{\"Items\": {}}", "{\"Items\": [{}]}", "{\"Items\": [1]}", "{\"Items\": []} x",
    ])
    func anythingElseIsNone(text: String) throws {
        #expect(SignedNames(try packed(Array(text.utf8))) == nil)
        #expect(SignedNames(Array(text.utf8)) == nil)
    }

    @Test func moreThanAnyOneSignsIsRefused() throws {
        func signs(_ items: String) throws -> Bool {
            try SignedNames(packed(Array("{\"Items\":[\(items)]}".utf8))) != nil
        }
        let item = "{\"Id\":\"a\"}"
        func list(_ element: String, _ count: Int) -> String {
            [String](repeating: element, count: count).joined(separator: ",")
        }
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(try signs(list(item, SignedNames.mostItems)))
        #expect(try !signs(list(item, SignedNames.mostItems + 1)))
        for (count, isGood) in [(SignedNames.mostAliases, true), (SignedNames.mostAliases + 1, false)] {
            #expect(try signs("{\"Id\":\"a\",\"AliasIds\":[\(list("\"b\"", count))]}") == isGood)
        }
        for (value, isGood) in [
            (nested(JSONValue.deepest - 3), true), (nested(JSONValue.deepest), false),
            ("[\(list("0", JSONValue.mostValues - 100))]", true),
            ("[\(list("0", JSONValue.mostValues))]", false),
            ("\"\(String(repeating: "a", count: 1 << 19))\"", true),
            ("\"\(String(repeating: "a", count: 1 << 20))\"", false),
        ] {
            #expect(try signs("{\"Id\":\"a\",\"x\":\(value)}") == isGood, "\(value.prefix(20))")
        }
    }

    @Test func bombIsNotUnpacked() throws {
        let bomb = try packed([UInt8](repeating: 0x20, count: 20 << 20))
        #expect(bomb.count < 1 << 20)
        #expect(throws: GunzipError.tooLong) { try gunzip(bomb, limit: 16 << 20) }
        #expect(SignedNames(bomb) == nil)
    }

    @Test func anythingIsUnpackedAsItWasOrNotAtAll() throws {
        var generator = SeededGenerator()
        for count in [0, 1, 65535, 65536, 65537, 300_000] {
            let bytes = generator.bytes(count)
            let whole = try packed(bytes)
            #expect(try gunzip(whole, limit: count) == bytes)
            #expect(throws: GunzipError.self) { try gunzip(Array(whole.dropLast()), limit: count) }
            if count > 0 { #expect(throws: GunzipError.tooLong) { try gunzip(whole, limit: count - 1) } }
        }
    }

    // MARK: JSON

    @Test(arguments: [
        "{", "}", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{1:2}", "\"", "\"\\x\"", "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\u{1}\"", "tru", "nul", "+1", ".5", "1.", "--1", "1 2", "'a'",
        String(repeating: "[", count: 100_000),
    ])
    func whatIsNoJSONIsRefused(text: String) {
        #expect(JSONValue(Array(text.utf8)) == nil)
    }

    @Test func valuesAreThoseOfTheText() {
        let text =
            " {\"a\" : [ 1 , -2.5e1 , true , false , null , \"x\\\"\\\\\\/\\b\\f\\n\\r\\t\" ] , \"b\" : { } } \n"
        #expect(
            JSONValue(Array(text.utf8))
                == .object([
                    "a": .array([
                        .number(1), .number(-25), .bool(true), .bool(false), .null,
                        .string("x\"\\/\u{8}\u{C}\n\r\t"),
                    ]), "b": .object([:]),
                ]))
    }

    /// Against python3's, on texts of which some are JSON.
    @Test func judgementIsThatOfAnother() throws {
        var generator = SeededGenerator()
        let words = [
            "{", "}", "[", "]", ",", ":", "\"a\"", "\"\\u0041\"", "1", "-0", "2e3", "true", "null", " ", "\"",
            "\\",
        ]
        var texts: [String] = []
        for _ in 0..<2000 {
            let count = Int.random(in: 1...6, using: &generator)
            texts.append((0..<count).map { _ in generator.pick(words) }.joined())
        }
        try tree.write("texts", texts.joined(separator: "\n"))
        let program = """
            import json, sys
            for line in open(sys.argv[1]).read().split('\\n'):
                try: json.loads(line); print(1)
                except ValueError: print(0)
            """
        let answers = try Command.succeed(["/usr/bin/python3", "-c", program, tree.absolute("texts")]).text
            .split(separator: "\n")
        #expect(answers.count == texts.count)
        for (text, answer) in zip(texts, answers) {
            #expect((JSONValue(Array(text.utf8)) != nil) == (answer == "1"), "\(text)")
        }
    }
}
