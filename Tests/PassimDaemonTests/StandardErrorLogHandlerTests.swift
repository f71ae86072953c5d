import Glibc
import Logging
import PassimCore
import PassimTestKit
import Testing

@testable import PassimDaemon

@Suite struct StandardErrorLogHandlerTests {
    @Test(arguments: [
        (Logger.Level.trace, 7), (.debug, 7), (.info, 6), (.notice, 5), (.warning, 4), (.error, 3),
        (.critical, 2),
    ])
    func levelsAreTheJournalsPriorities(level: Logger.Level, priority: Int) {
        #expect(StandardErrorLogHandler.priority(level) == priority)
    }

    @Test func whatWouldMakeAnotherLineOrReachATerminalIsEscaped() {
        #expect(
            StandardErrorLogHandler.oneLine("a\nb\r\n<0>c\u{1B}[31m\u{0}\u{7F}\u{85}d\u{202E}\u{2028}")
                == #"a\u000ab\u000d\u000a<0>c\u001b[31m\u0000\u007f\u0085d\u202e\u2028"#)
        #expect(StandardErrorLogHandler.oneLine("ein Wort: größer 🙂") == "ein Wort: größer 🙂")
    }

    @Test func anyTextIsOneLine() {
        var random = SeededGenerator()
        for _ in 0..<500 {
            let scalars = (0..<Int.random(in: 0..<60, using: &random)).compactMap { _ in
                UnicodeScalar(UInt32.random(in: 0..<0x200, using: &random))
            }
            let text = String(String.UnicodeScalarView(scalars))
            let line = StandardErrorLogHandler.oneLine(text)
            let expected = scalars.map { before in
                let isControl = before.value < 0x20 || (0x7F..<0xA0).contains(before.value)
                return isControl ? ForeignText.escape(before) : String(before)
            }
            #expect(line == expected.joined(), "\(random)")
        }
    }

    @Test func standardErrorIsTheJournalOnlyWhereItIsThatStream() {
        var status = stat()
        fstat(STDERR_FILENO, &status)
        let own = "\(status.st_dev):\(status.st_ino)"
        #expect(StandardErrorLogHandler.standardErrorIsJournal(["JOURNAL_STREAM": own]))
        for other in ["", "0:0", own + "0", "8:1"] {
            #expect(!StandardErrorLogHandler.standardErrorIsJournal(["JOURNAL_STREAM": other]))
        }
        #expect(!StandardErrorLogHandler.standardErrorIsJournal([:]))
    }

    /// In a process of its own, whose standard error is read.
    @Test func eachMessageIsOneLineInTheFormOfTheReader() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            for isJournal in [true, false] {
                var handler = StandardErrorLogHandler(level: .info, isJournal: isJournal)
                handler[metadataKey: "place"] = "here\nthere"
                let ready = handler
                let logger = Logger(label: "test") { _ in ready }
                logger.warning("two\nlines", metadata: ["b": "2", "a": "1"])
                logger.debug("not shown")
                handler.flush(until: .max)
            }
        }
        let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        let lines = text.split(separator: "\n").filter { $0.contains("two") }
        #expect(lines.count == 2)
        #expect(lines.first == #"<4>two\u000alines a=1 b=2 place=here\u000athere"#)
        #expect(lines.last?.hasSuffix(#"Z warning: two\u000alines a=1 b=2 place=here\u000athere"#) == true)
        #expect(!text.contains("not shown"))
    }
}
