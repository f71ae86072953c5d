import Glibc
import PassimGLib
import Testing

@Suite struct KeyFileTests {
    private func keyFile(_ text: String) throws -> KeyFile { try KeyFile(Array(text.utf8)) }

    @Test func valuesAreReadByGroupAndKey() throws {
        let file = try keyFile("# a comment\n[one]\na=1\n b = two words\n\n[two]\na=\n")
        #expect(file.groups == ["one", "two"])
        #expect(file.keys(of: "one") == ["a", "b"])
        #expect(try file.string("one", "b") == "two words")
        #expect(try file.string("two", "a") == "")
        #expect(file.hasGroup("two"))
        #expect(!file.hasGroup("three"))
        #expect(file.keys(of: "three") == [])
        #expect(file.value("one", "c") == nil)
    }

    @Test func emptyFileHasNoGroups() throws {
        #expect(try keyFile("").groups == [])
        #expect(try keyFile("\n# nothing\n").groups == [])
    }

    @Test func lastOfTwoLinesCounts() throws {
        #expect(try keyFile("[g]\na=1\na=2\n").string("g", "a") == "2")
        #expect(try keyFile("[g]\na=1\n[h]\nb=1\n[g]\na=3\n").string("g", "a") == "3")
    }

    @Test func blanksAndCarriageReturnsAtTheEndAreNotPartOfAValue() throws {
        let file = try keyFile("[g]\r\na=/srv/x \t \r\nb=kept\\s\r\nc=   \nd=true  \n")
        #expect(try file.string("g", "a") == "/srv/x")
        #expect(try file.string("g", "b") == "kept ")
        #expect(try file.string("g", "c") == "")
        #expect(try file.boolean("g", "d"))
    }

    @Test func escapesAreResolvedInStringsOnly() throws {
        let file = try keyFile(#"[g]"# + "\n" + #"a=x\sy\\z"# + "\n")
        #expect(try file.string("g", "a") == #"x y\z"#)
        #expect(file.value("g", "a") == #"x\sy\\z"#)
    }

    /// GLib would complain of itself.
    @Test func backslashAtTheEndBehindAnUnknownEscapeIsAnErrorAndNothingElse() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            let file = try KeyFile(Array(("[g]\n" + #"a=\x;\q\"#).utf8))
            for read in [{ _ = try file.string("g", "a") }, { _ = try file.strings("g", "a") }] {
                do {
                    try read()
                    exit(1)
                } catch let error as KeyFileError {
                    if error.code != .invalidValue { exit(2) }
                }
            }
        }
        #expect(try #require(result).standardErrorContent.isEmpty)
        #expect(try keyFile("[g]\n" + #"a=x\\"#).string("g", "a") == #"x\"#)
    }

    @Test func listsAreSplitAtSemicolons() throws {
        let file = try keyFile("[g]\na=x;y\\;z;\nb=\nc=;x\nd=one\n")
        #expect(try file.strings("g", "a") == ["x", "y;z"])
        #expect(try file.strings("g", "b") == [])
        #expect(try file.strings("g", "c") == ["", "x"])
        #expect(try file.strings("g", "d") == ["one"])
    }

    @Test(arguments: [("true", true), ("1", true), ("false", false), ("0", false)])
    func booleanWords(word: String, value: Bool) throws {
        #expect(try keyFile("[g]\na=\(word)\n").boolean("g", "a") == value)
    }

    @Test(arguments: ["yes", "TRUE", "", "10", "true false"])
    func otherWordsAreNoBooleans(word: String) throws {
        let file = try keyFile("[g]\na=\(word)\n")
        let error = #expect(throws: KeyFileError.self) { try file.boolean("g", "a") }
        #expect(error?.code == .invalidValue)
    }

    @Test func absentKeyAndGroupAreToldApart() throws {
        let file = try keyFile("[g]\na=1\n")
        #expect(throws: KeyFileError.self) { try file.string("g", "b") }
        let noKey = #expect(throws: KeyFileError.self) { try file.strings("g", "b") }
        #expect(noKey?.code == .keyNotFound)
        let noGroup = #expect(throws: KeyFileError.self) { try file.string("h", "b") }
        #expect(noGroup?.code == .groupNotFound)
    }

    @Test(arguments: [
        "not a keyfile", "a=1\n[g]\n", "[g\na=1\n", "[g]\nno equals sign\n", "\u{FEFF}[g]\na=1\n",
    ])
    func malformedFileIsAnErrorWithGLibsSentence(text: String) {
        let error = #expect(throws: KeyFileError.self) { try keyFile(text) }
        #expect(error?.message.isEmpty == false)
        #expect(error?.code == .parse || error?.code == .groupNotFound)
    }

    @Test func valueThatIsNotUTF8IsAnErrorWhenItIsAsked() throws {
        let file = try KeyFile(Array("[g]\na=".utf8) + [0xFF, 0xFE] + Array("\nb=fine\n".utf8))
        let error = #expect(throws: KeyFileError.self) { try file.string("g", "a") }
        #expect(error?.code == .unknownEncoding)
        #expect(file.value("g", "a") == "\u{FFFD}\u{FFFD}")
        #expect(try file.string("g", "b") == "fine")
    }

    @Test func unknownEscapeIsAnError() throws {
        let file = try keyFile("[g]\na=x\\q\n")
        let error = #expect(throws: KeyFileError.self) { try file.string("g", "a") }
        #expect(error?.code == .invalidValue)
    }

    @Test func nulByteIsAnErrorRatherThanTheEnd() {
        let error = #expect(throws: KeyFileError.self) { try keyFile("[g]\na=/srv\0/x\n") }
        #expect(error?.code == .parse)
    }

    @Test func hugeFileIsRead() throws {
        let lines = (0..<20_000).map { "key\($0)=\($0)\n" }.joined()
        let file = try keyFile("[g]\n" + lines)
        #expect(file.keys(of: "g").count == 20_000)
        #expect(try file.string("g", "key19999") == "19999")
    }
}
