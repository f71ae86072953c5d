import PassimSystem
import PassimTestKit
import Testing

/// Comments, manual and documents cite documents, sections, decisions, files: whatever is cited must be there.
struct CitationTests {
    let repository = Repository()

    @Test func whateverIsCitedIsThere() throws {
        let files = try repository.files()
        #expect(files.count > 900)
        let checker = try CitationChecker(repository, files)
        var cited = 0
        for file in files {
            let text = CitedText(of: file, try repository.text(of: file))
            for problem in checker.problems(in: text, of: file) { Issue.record("\(file): \(problem)") }
            cited += checker.count(in: text)
        }
        // Links of Sources/README.md are some hundred alone.
        #expect(cited > 200)
    }

    @Test(arguments: [
        "design.md has it", "as elsewhere (protocol.md, HTTPS)", "protocol.md's table",
        "Sources/README.md, decision 99",
        "Sources/README.md, \"Nothing of the kind\"",
        "passim-nothing(7)", "passimd(9)", "passim-protocol(7), HTTPS row 12",
        "passim-protocol(7), HTTPS rows 3 to 12", "passim-protocol(7), NOTHING HERE",
        "NOTHING HERE in passimd(8)",
        "HELLO of passim(1)",
        "Sources/PassimNothing", "Tests/PassimTestKit/Nothing.swift", "Nothing+Else.swift",
        "[a link](../Nothing.swift)", "[an anchor](#nothing-here)", "[another](../README.md#nothing-here)",
    ])
    func citationOfWhatIsNotThereIsFound(_ text: String) throws {
        let checker = try CitationChecker(repository, try repository.files())
        #expect(checker.problems(in: CitedText(prose: text), of: "Sources/README.md").count == 1, "\(text)")
    }

    @Test(arguments: [
        "Sources/README.md, decision 7", "Sources/README.md, \"Avahi\"", "passim.conf(5), PASSIM.CONF",
        "passim-protocol(7), HTTPS rows 3 to 11", "EXTENDED ATTRIBUTES of passimd(8)",
        "[a file](PassimServer/Route.swift)", "[an anchor](#glossary)", "Connection+Turn.swift", "Tests/Fuzz",
    ])
    func citationOfWhatIsThereIsNot(_ text: String) throws {
        let checker = try CitationChecker(repository, try repository.files())
        let problems = checker.problems(in: CitedText(prose: text), of: "Sources/README.md")
        #expect(problems.isEmpty, "\(text): \(problems)")
    }

    @Test func commentsAreCitedFromAndCodeIsNot() {
        let swift = CitedText(
            of: "A.swift", "let name = \"nothing.md\"\n    /// passim-protocol(7), HTTPS\n    /// row 12\n")
        #expect(
            swift.prose.contains("passim-protocol(7), HTTPS row 12") && !swift.prose.contains("nothing.md"))
        let page = CitedText(
            of: "etc/man/a.7", "See\n.BR passim\\-protocol (7),\nHTTPS row 12.\n.\\\" A comment of A.swift\n")
        #expect(
            page.prose.contains("See passim-protocol(7), HTTPS row 12.") && page.prose.contains("A.swift"))
    }

    /// The table of targets is that of the directories.
    @Test func everyTargetIsInTheArchitecture() throws {
        let files = try repository.files()
        let targets = Set(
            files.compactMap { file -> Substring? in
                let parts = file.split(separator: "/")
                return parts.count > 2 && parts[0] == "Sources" ? parts[1] : nil
            })
        let table = try repository.text(of: "Sources/README.md").split(separator: "\n").filter {
            $0.hasPrefix("| `")
        }
        let named = Set(
            table.flatMap { $0.split(separator: "|")[0].matches(of: /`([^`]+)`/).map(\.output.1) })
        #expect(targets.count > 20)
        for target in targets { #expect(named.contains(target), "\(target)") }
        for name in named where name.hasPrefix("Passim") || name.wholeMatch(of: /C[A-Z]\w+/) != nil {
            #expect(targets.contains(name), "\(name)")
        }
    }
}

/// The files of this package.
struct Repository {
    private let path = Products.repository

    /// Text files that people write, relative to the package.
    func files() throws -> [String] {
        let found = try Command.succeed([
            "find", path, "-name", ".build*", "-prune", "-o", "-name", ".git", "-prune", "-o", "-name",
            ".run",
            "-prune", "-o", "-path", "*/Fuzz/Seeds", "-prune", "-o", "-type", "f", "!", "-name", "*.png", "!",
            "-name", "Package.resolved", "-printf", "%P\\n",
        ]).text
        return found.split(separator: "\n").map(String.init)
    }

    /// Pictures of the documents, relative to the package.
    func pictures() throws -> [String] {
        let found = try Command.succeed([
            "find", "\(path)/etc", "-type", "f", "-name", "*.png", "-printf", "etc/%P\\n",
        ]).text
        return found.split(separator: "\n").map(String.init)
    }

    func text(of file: String) throws -> String {
        String(
            decoding: try #require(try readFile("\(path)/\(file)", limit: 1 << 22), "\(file)"), as: UTF8.self)
    }
}

/// The words of a file, one space between them, without code and without marks of comments and of roff.
struct CitedText {
    let prose: String

    init(prose: String) {
        self.prose = prose
    }

    init(of file: String, _ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if file.hasSuffix(".md") {
            prose = lines.joined(separator: " ")
        } else if file.hasPrefix("etc/man/") {
            prose = lines.map(CitedText.manual).joined(separator: " ")
        } else {
            // Most comments cite nothing.
            let blocks = lines.split { CitedText.comment($0) == nil }.map { block in
                block.map { CitedText.comment($0)! }.joined(separator: " ")
            }
            prose = blocks.filter { block in CitedText.signs.contains { block.contains($0) } }
                .joined(separator: "\n")
        }
    }

    /// One is in everything that is a citation.
    private static let signs = [".md", "passim", "Sources/", "Tests/", "scripts/", ".swift"]

    /// nil where the line is none of a comment.
    private static func comment(_ line: Substring) -> Substring? {
        let text = line.drop { $0 == " " }
        guard let sign = ["///", "//", "#", "--"].first(where: text.hasPrefix) else { return nil }
        let words = text.dropFirst(sign.count)
        return words.isEmpty || words.first == " " ? words.dropFirst() : nil
    }

    private static func manual(_ line: Substring) -> String {
        var text = String(line).replacing("\\-", with: "-").replacing(/\\f[A-Z]/, with: "")
            .replacing("\\&", with: "")
        if let macro = text.firstMatch(of: /^\.(?:\\"|[BIR]+|SH|SS|TP|TQ)\s*/) {
            let isJoined = text.hasPrefix(".BR ") || text.hasPrefix(".IR ")
            text = String(text[macro.range.upperBound...]).replacing("\"", with: "")
            // Words of these follow one another without a space.
            if isJoined { text = text.replacing(/(\S+) \((\d)\)/) { "\($0.output.1)(\($0.output.2))" } }
        }
        return text
    }
}

/// Knows what can be cited.
struct CitationChecker {
    private let places: Set<String>
    private let swiftFiles: Set<String>
    /// By `NAME(SECTION)`.
    private var pages: [String: Page] = [:]
    /// Anchors of documents, by file.
    private var anchors: [String: Set<String>] = [:]
    private let headings: Set<String>
    private let decisions: Set<Int>
    private let count: Int

    private struct Page {
        var sections: Set<String>
        var rows: Set<Int>
    }

    init(_ repository: Repository, _ files: [String]) throws {
        var places = Set(files + (try repository.pictures()))
        for file in files {
            let parts = file.split(separator: "/")
            for count in parts.indices.dropFirst() { places.insert(parts[..<count].joined(separator: "/")) }
        }
        self.places = places
        swiftFiles = Set(
            files.filter { $0.hasSuffix(".swift") }.map { String($0.split(separator: "/").last!) })
        for file in files where file.hasPrefix("etc/man/") {
            let name = file.dropFirst("etc/man/".count)
            let text = try repository.text(of: file)
            let sections = text.matches(of: /(?m)^\.SH (.+)$/).map {
                String($0.output.1).replacing("\"", with: "")
            }
            let rows = text.matches(of: /(?m)^\.IP (\d+)\.\s/).compactMap { Int($0.output.1) }
            let dot = name.lastIndex(of: ".")!
            pages["\(name[..<dot])(\(name[name.index(after: dot)...]))"] = Page(
                sections: Set(sections), rows: Set(rows))
        }
        for file in files where file.hasSuffix(".md") {
            anchors[file] = Set(
                try CitationChecker.headings(repository.text(of: file)).map { CitationChecker.anchor($0) })
        }
        let architecture = try repository.text(of: "Sources/README.md")
        headings = Set(CitationChecker.headings(architecture))
        let list = architecture.split(separator: "\n## Decisions\n").last ?? ""
        decisions = Set(list.matches(of: /(?m)^(\d+)\. \*\*/).compactMap { Int($0.output.1) })
        count = pages.count
        try #require(count > 4 && headings.count > 15 && decisions.count > 10)
    }

    private static func headings(_ document: String) -> [String] {
        document.matches(of: /(?m)^#+ (.+)$/).map { String($0.output.1) }
    }

    /// As forges make them.
    private static func anchor(_ heading: String) -> String {
        heading.lowercased().replacing(/[^a-z0-9 _-]/, with: "").replacing(" ", with: "-")
    }

    func count(in text: CitedText) -> Int {
        text.prose.matches(of: /\]\([^)]+\)|passim[a-z.-]*\(\d\)|[\w.\/-]+\.md(?!\w)/).count
    }

    /// Citations of things that are not there, in words.
    func problems(in text: CitedText, of file: String) -> [String] {
        // The target of a link is looked for once.
        let words =
            file.hasSuffix(".md") ? text.prose.replacing(/\[[^\]]*\]\([^)]*\)/, with: " ") : text.prose
        return documents(words, file) + architecture(words) + manual(words) + paths(words)
            + links(text.prose, file)
    }

    private func documents(_ prose: String, _ file: String) -> [String] {
        prose.matches(of: /(?:^|[^\w.\/-])([\w.\/-]+\.md)(?!\w)/).compactMap { match in
            let name = String(match.output.1)
            return places.contains(name) || places.contains(beside(file, name)) ? nil : "no document \(name)"
        }
    }

    private func architecture(_ prose: String) -> [String] {
        let numbers = prose.matches(of: /Sources\/README\.md, decision (\d+)/).compactMap { match in
            decisions.contains(Int(match.output.1)!) ? nil : "no decision \(match.output.1)"
        }
        let quoted = prose.matches(of: /Sources\/README\.md, "([^"]+)"/).compactMap { match in
            headings.contains(String(match.output.1)) ? nil : "no heading \"\(match.output.1)\""
        }
        return numbers + quoted
    }

    private func manual(_ prose: String) -> [String] {
        let section = #"[A-Z][A-Z-]+(?:\.[A-Z]+)?(?: [A-Z-]{2,})*"#
        var problems: [String] = []
        for match in prose.matches(
            of:
                /(?:^|\W)(passimd?(?:[.-][a-z]+)?\([1-9]\))(?:, (?:HTTPS rows? (\d+)(?: (?:to|and) (\d+))?)?)?/
        ) {
            guard let page = pages[String(match.output.1)] else {
                problems.append("no page \(match.output.1)")
                continue
            }
            for row in [match.output.2, match.output.3] {
                if let row, let number = Int(row), !page.rows.contains(number) {
                    problems.append("no row \(number) in \(match.output.1)")
                }
            }
            let rest = prose[match.range.upperBound...]
            if match.output.2 == nil, match.output.0.hasSuffix(", "),
                let named = try? Regex(section).prefixMatch(in: rest)
            {
                let name = rest[named.range]
                if !page.sections.contains(String(name)) {
                    problems.append("no section \(name) in \(match.output.1)")
                }
            }
        }
        for match in prose.matches(
            of: /(?:^|\W)([A-Z][A-Z-]{3,}(?: [A-Z-]{2,})*) (?:in|of) (passimd?(?:[.-][a-z]+)?\([1-9]\))/)
        {
            if let page = pages[String(match.output.2)], !page.sections.contains(String(match.output.1)) {
                problems.append("no section \(match.output.1) in \(match.output.2)")
            }
        }
        return problems
    }

    private func paths(_ prose: String) -> [String] {
        let files = prose.matches(of: /(?:^|[^\w.\/])((?:Sources|Tests|scripts)\/[\w+.\/-]*\w)/).compactMap {
            match in
            let path = String(match.output.1)
            return path.hasSuffix(".md") || places.contains(path) ? nil : "no file \(path)"
        }
        let names = prose.matches(of: /(?:^|[^\w.\/+-])([A-Z]\w*(?:\+\w+)?\.swift)(?!\w)/).compactMap {
            match in
            swiftFiles.contains(String(match.output.1)) ? nil : "no file \(match.output.1)"
        }
        return files + names
    }

    /// Markdown's.
    private func links(_ prose: String, _ file: String) -> [String] {
        guard file.hasSuffix(".md") else { return [] }
        return prose.matches(of: /\]\(([^)\s]+)\)/).compactMap { match in
            let target = match.output.1
            if target.contains("://") { return nil }
            let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            let path = parts[0].isEmpty ? file : beside(file, String(parts[0]))
            guard places.contains(path) else { return "no file \(path)" }
            guard parts.count == 2 else { return nil }
            return anchors[path]?.contains(String(parts[1])) == true
                ? nil : "no heading #\(parts[1]) in \(path)"
        }
    }

    /// A path that begins in the directory of a file, from the package on.
    private func beside(_ file: String, _ path: String) -> String {
        var parts = file.split(separator: "/").dropLast()
        for part in path.split(separator: "/") {
            if part == ".." { parts = parts.dropLast() } else if part != "." { parts.append(part) }
        }
        return parts.joined(separator: "/")
    }
}
