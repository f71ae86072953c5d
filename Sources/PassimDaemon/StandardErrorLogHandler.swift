internal import Glibc
package import Logging
internal import PassimCore
internal import PassimSystem

/// Writes log lines to standard error: with priorities in front where journald reads it (sd-daemon(3)),
/// with time and level elsewhere.
package struct StandardErrorLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    private let isJournal: Bool
    private let writer: LogWriter

    package init(level: Logger.Level, isJournal: Bool) {
        logLevel = level
        self.isJournal = isJournal
        writer = LogWriter(descriptor: STDERR_FILENO) { count in
            let text = "\(count) log lines are lost: standard error was not read"
            return Array((StandardErrorLogHandler.prefix(.warning, isJournal) + text + "\n").utf8)
        }
        writer.start()
    }

    /// Waits until all lines are written, if they are read at all: before the process ends.
    ///
    /// - Parameter deadline: of `monotonicNanoseconds()`.
    package func flush(until deadline: UInt64) {
        writer.flush(until: deadline)
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let level = event.level
        var text = StandardErrorLogHandler.prefix(level, isJournal)
        text += StandardErrorLogHandler.oneLine("\(event.message)")
        let details = metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 })
        for (key, value) in details.sorted(by: { $0.key < $1.key }) {
            text += StandardErrorLogHandler.oneLine(" \(key)=\(value)")
        }
        writer.write(Array((text + "\n").utf8))
    }

    private static func prefix(_ level: Logger.Level, _ isJournal: Bool) -> String {
        isJournal ? "<\(priority(level))>" : "\(timeOfDay()) \(level): "
    }

    /// syslog(3) priorities.
    static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .critical: 2
        case .error: 3
        case .warning: 4
        case .notice: 5
        case .info: 6
        case .debug, .trace: 7
        }
    }

    /// A message is a line: what came from outside must not make another one, nor reach a terminal.
    static func oneLine(_ text: String) -> String {
        ForeignText.shown(text, in: .log)
    }

    private static func timeOfDay() -> String {
        var seconds = time_t(wallClock().seconds)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
            strftime(buffer.baseAddress!, buffer.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
            return String(cString: buffer.baseAddress!)
        }
    }

    /// True if standard error is the stream that JOURNAL_STREAM names (systemd.exec(5)).
    package static func standardErrorIsJournal(_ environment: [String: String]) -> Bool {
        guard let stream = environment["JOURNAL_STREAM"] else { return false }
        var status = stat()
        guard fstat(STDERR_FILENO, &status) == 0 else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }
}
