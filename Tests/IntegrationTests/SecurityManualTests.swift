import PassimTestKit
import Testing

/// passim-security(7) names the tests that show what it promises.
struct SecurityManualTests {
    let page: String

    init() throws {
        page = try Command.succeed(["cat", Products.repository + "/etc/man/passim-security.7"]).text
    }

    /// `SUITE/NAME` in a text.
    private func tests(in text: some StringProtocol) -> [(suite: String, name: String)] {
        text.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) && $0 != "/" }.compactMap { word in
            let parts = word.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0].hasSuffix("Tests"), !parts[1].isEmpty else { return nil }
            return (String(parts[0]), String(parts[1]))
        }
    }

    /// A suite is in the file of its name, in one of the directories of tests.
    private func source(of suite: String) throws -> String {
        try Command.succeed(
            ["find", Products.repository + "/Tests", "-name", "\(suite).swift", "-exec", "cat", "{}", "+"]
        ).text
    }

    @Test func everyTestThatIsNamedIsThere() throws {
        let named = tests(in: page)
        #expect(named.count > 90)
        for (suite, names) in Dictionary(grouping: named, by: \.suite) {
            let source = try source(of: suite)
            for (_, name) in names { #expect(source.contains("func \(name)("), "\(suite)/\(name)") }
        }
    }

    @Test func everyPromiseNamesATest() throws {
        let sections = page.split(separator: "\n.SS Promised\n", omittingEmptySubsequences: false).dropFirst()
        #expect(sections.count == 10)
        for section in sections {
            // Up to the next heading.
            let lines = section.split(separator: "\n").prefix { !$0.hasPrefix(".SH") && !$0.hasPrefix(".SS") }
            let promises = lines.split { $0 == ".TP" }
            #expect(!promises.isEmpty)
            for promise in promises {
                #expect(!tests(in: promise.joined(separator: "\n")).isEmpty, "\(promise.first ?? "")")
            }
        }
    }
}
