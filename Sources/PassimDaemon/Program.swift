internal import Glibc
internal import Logging
internal import PassimConfig
internal import PassimCore
internal import PassimSystem

/// Does what `passimd`'s arguments ask.
package struct Program {
    private let options: DaemonOptions

    package init(insecure: Bool, timedExit: Bool) {
        options = DaemonOptions(
            insecure: insecure, timedExit: timedExit, environment: Program.environment())
    }

    package func printVersion() {
        print(passimVersion)
    }

    /// - Returns: the exit status: 0 where nothing is wrong, else 1.
    package func checkConfiguration() -> Int32 {
        let check = ConfigurationCheck.run(Paths(environment: options.environment))
        print(check.report, terminator: "")
        return check.isClean ? 0 : 1
    }

    /// - Returns: the exit status.
    package func serve() async -> Int32 {
        let level = options.environment["PASSIM_LOG"].flatMap(Logger.Level.init(rawValue:)) ?? .info
        let isJournal = StandardErrorLogHandler.standardErrorIsJournal(options.environment)
        // Whoever reads standard error may have gone.
        _ = signal(SIGPIPE, SIG_IGN)
        let handler = StandardErrorLogHandler(level: level, isJournal: isJournal)
        let logger = Logger(label: "passimd") { _ in handler }
        let status = await Daemon(options: options, logger: logger).run()
        handler.flush(until: monotonicNanoseconds() + 500_000_000)
        return status
    }

    private static func environment() -> [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return variables
    }
}
