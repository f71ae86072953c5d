package import Logging
internal import PassimCore

/// What was logged, for tests that count lines.
package final class RecordedLog: Sendable {
    package struct Line: Hashable, Sendable {
        package var level: Logger.Level
        package var text: String
    }

    private let recorded = Lock<[Line]>([])

    package init() {}

    package var logger: Logger {
        Logger(label: "test") { _ in Handler(log: self) }
    }

    package var lines: [Line] { recorded.withLock { $0 } }

    /// The texts of warnings and worse.
    package var warnings: [String] { lines.filter { $0.level >= .warning }.map(\.text) }

    private struct Handler: LogHandler {
        let log: RecordedLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            var text = "\(event.message)"
            if let metadata = event.metadata, !metadata.isEmpty { text += " \(metadata)" }
            let line = Line(level: event.level, text: text)
            log.recorded.withLock { $0.append(line) }
        }
    }
}
