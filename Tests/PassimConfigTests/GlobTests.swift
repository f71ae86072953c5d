import PassimCore
import PassimTestKit
import Testing

@testable import PassimConfig

@Suite struct GlobTests {
    @Test(arguments: [
        // Without a slash: the last component, at any depth.
        ("*.cab", "a.cab", true), ("*.cab", "x/y/a.cab", true), ("*.cab", "a.cab/b", false),
        ("*.cab", "a.CAB", false), ("a?c", "abc", true), ("a?c", "a/c", false), ("*", "x/y", true),
        ("lock", "x/lock", true), ("lock", "x/clock", false), ("**", "x/y/z", true), ("a**c", "abbc", true),
        // With one: the whole path.
        ("/*.cab", "a.cab", true), ("/*.cab", "x/a.cab", false), ("x/*.cab", "x/a.cab", true),
        ("x/*.cab", "y/x/a.cab", false), ("x/*.cab", "x/y/a.cab", false), ("x/**", "x/y/z", true),
        ("x/**", "x", false), ("x/**", "xy/z", false), ("x/**/z", "x/z", true), ("x/**/z", "x/a/b/z", true),
        ("x/**/z", "x/az", false), ("**/z", "z", true), ("**/z", "a/b/z", true), ("**/z", "a/bz", false),
        ("**/x/z", "a/x/z", true), ("a**/z", "abc/d/z", true), ("x/**.z", "x/a/b.z", true),
        ("**/**/z", "z", true), ("***/z", "a/z", true), ("x/**/**/z", "x/b/z", true),
        // Classes.
        ("[abc].x", "b.x", true), ("[abc].x", "d.x", false), ("[!abc].x", "d.x", true),
        ("[^abc].x", "a.x", false), ("[a-c]", "b", true), ("[]]", "]", true), ("[!]]", "]", false),
        ("[a-]", "-", true), ("[[]", "[", true), ("a[!b]c", "a/c", false), ("a[+-9]c", "a/c", false),
        ("[\\]]", "]", true), ("[é-ï]", "ê", true),
        // Escapes.
        ("\\*", "*", true), ("\\*", "a", false), ("\\!x", "!x", true), ("a\\\\b", "a\\b", true),
        // Characters are characters.
        ("?", "é", true), ("??", "é", false), ("*é", "café", true), ("[é]", "é", true), ("x?y", "x🙂y", true),
        ("]", "]", true), ("a{b,c}", "a{b,c}", true),
    ])
    func pathMatchesOrNot(pattern: String, path: String, expected: Bool) throws {
        #expect(try Glob(pattern).matches(RawName(path)) == expected)
    }

    @Test func bytesThatAreNotUTF8MatchWildcardsOnly() throws {
        let name = RawName(bytes: [0x61, 0xFF, 0x62])
        #expect(try Glob("a?b").matches(name))
        #expect(try Glob("a*").matches(name))
        #expect(try Glob("a[!x]b").matches(name))
        #expect(try !Glob("aÿb").matches(name))
        #expect(try !Glob("a[ÿ\u{10FFFF}]b").matches(name))
        // The start of a character that does not go on.
        #expect(try Glob("??").matches(RawName(bytes: [0xC3, 0x61])))
        #expect(try Glob("*.cab").matches(RawName(bytes: [0xC3] + Array(".cab".utf8))))
    }

    @Test func slashAtTheEndIsForDirectoriesOnly() throws {
        let glob = try Glob(".git/")
        #expect(glob.matches(RawName(".git"), isDirectory: true))
        #expect(glob.matches(RawName("x/.git"), isDirectory: true))
        #expect(!glob.matches(RawName(".git"), isDirectory: false))
        #expect(try Glob("/x/y/").matches(RawName("x/y"), isDirectory: true))
        #expect(try !Glob("/x/y/").matches(RawName("a/x/y"), isDirectory: true))
    }

    @Test(arguments: [
        ("", GlobError.empty), ("/", .empty), ("//", .empty), ("[abc", .openClass), ("[]", .openClass),
        ("[!]", .openClass), ("[z-a]", .reversedRange), ("[[:alpha:]]", .namedClass),
        ("abc\\", .danglingEscape),
        ("[\\", .danglingEscape), ("!x", .negation), (String(repeating: "a", count: 1025), .tooLong),
    ])
    func whatIsNoPattern(text: String, expected: GlobError) {
        let error = #expect(throws: GlobError.self) { try Glob(text) }
        #expect(error == expected)
        #expect(!expected.description.isEmpty)
    }

    @Test func longestPatternIsTaken() throws {
        let text = String(repeating: "a", count: Glob.longest)
        #expect(try Glob(text).matches(RawName(text)))
    }

    @Test func emptyPathMatchesOnlyRuns() throws {
        #expect(try Glob("*").matches(RawName.empty))
        #expect(try !Glob("?").matches(RawName.empty))
        #expect(try !Glob("a").matches(RawName.empty))
    }

    /// A backtracking matcher takes longer than the universe for these.
    @Test(arguments: ["*a", "**a", "**/", "*a*", "?*"])
    func hostilePatternTakesPolynomialTime(piece: String) throws {
        let glob = try Glob(String(repeating: piece, count: 200 / piece.utf8.count) + "[c]b")
        let path = Array(repeating: UInt8(0x61), count: 400) + [0x61, 0x62]
        let slashes = Array(repeatElement(Array("a/".utf8), count: 200).joined()) + [0x61, 0x62]
        let time = ContinuousClock().measure {
            #expect(!glob.matches(RawName(bytes: path)))
            #expect(!glob.matches(RawName(bytes: slashes)))
        }
        // An unoptimised build on a busy machine takes about a second for all five.
        #expect(time < .seconds(60))
    }

    @Test(arguments: 1...20)
    func agreesWithTheSimpleImplementation(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let pieces = ["a", "b", "/", "*", "**", "**/", "?", "[ab]", "[!a]", "[a-c]", "[/b]", ".", "*"]
        let units: [[UInt8]] = [
            [0x61], [0x62], [0x63], [0x2E], [0x2F], [0x2F], [0xC3, 0xA9], [0xFF], [0xC3],
        ]
        var matched = 0
        for _ in 0..<2000 {
            let pattern = (0..<Int.random(in: 1...6, using: &generator))
                .map { _ in pieces.randomElement(using: &generator)! }.joined()
            guard let glob = try? Glob(pattern) else { continue }
            for _ in 0..<10 {
                let path = (0..<Int.random(in: 0...7, using: &generator))
                    .flatMap { _ in units.randomElement(using: &generator)! }
                let isDirectory = Bool.random(using: &generator)
                let answer = glob.matches(RawName(bytes: path), isDirectory: isDirectory)
                let expected = ReferenceGlob(pattern: pattern).matches(path, isDirectory: isDirectory)
                #expect(answer == expected, "\(pattern) on \(RawName(bytes: path))")
                if answer { matched += 1 }
            }
        }
        // Both sides were seen.
        #expect(matched > 500)
    }
}
