import Logging
import PassimTestKit

/// What the service logs.
final class LogLines: Sendable {
    private let lines = Monitor<[(level: Logger.Level, text: String)]>([])

    var logger: Logger {
        var logger = Logger(label: "bus") { [lines] _ in Handler(lines: lines) }
        logger.logLevel = .trace
        return logger
    }

    /// Those of a level, or worse.
    func texts(from level: Logger.Level = .trace) -> [String] {
        lines.withLock { $0.filter { $0.level >= level }.map(\.text) }
    }

    /// Whether there are so many lines that hold `text`.
    func has(_ text: String, _ number: Int = 1) -> Bool {
        texts().count(where: { $0.contains(text) }) >= number
    }

    /// Waits for the `number`th line that holds `text`.
    func wait(for text: String, number: Int = 1) throws {
        let found = lines.wait(seconds: 60) { lines in
            lines.count(where: { $0.text.contains(text) }) >= number ? true : nil
        }
        guard found != nil else { throw TestFailure("no line with “\(text)” in \(texts())") }
    }

    private struct Handler: LogHandler {
        let lines: Monitor<[(level: Logger.Level, text: String)]>
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        init(lines: Monitor<[(level: Logger.Level, text: String)]>) {
            self.lines = lines
        }

        func log(event: LogEvent) {
            lines.withLock { $0.append((event.level, "\(event.message)")) }
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
    }
}
