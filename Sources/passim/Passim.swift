internal import ArgumentParser
internal import Glibc
internal import PassimBus
internal import PassimConfig
internal import PassimCore
internal import PassimSystem

@main
struct Passim: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "passim",
        abstract: "Share files with the machines of this network, by SHA-256.",
        discussion: """
            Exit status: 0, or 1 on any failure. 'passim status' and 'passim mirror list' exit with 2 where a directory that is \
            configured cannot be shared, or something else is wrong that keeps others from what is shared.

            Completions for a shell are printed by --generate-completion-script bash, zsh or fish: put them \
            into a file passim, _passim or passim.fish where your shell looks for such.
            """,
        subcommands: [
            StatusCommand.self, ListCommand.self, DumpCommand.self, PublishCommand.self,
            UnpublishCommand.self,
            DownloadCommand.self, ScanCommand.self, VerifyCommand.self, MirrorCommand.self,
            RescanCommand.self,
        ])

    @Flag(
        name: [.customShort("V"), .long],
        help: "Print the versions of this command and of the daemon, and exit.")
    var version = false

    func run() throws {
        guard version else { throw try Passim.misused(Passim.self) }
        let output = Output()
        try output.line("client version: \(passimVersion)")
        // Also where the daemon cannot be asked.
        try output.flush()
        let properties = try BusClient().properties()
        try output.line(
            "daemon version: \(ForeignText.shown(properties.daemonVersion, in: .terminal, limit: 256))")
        try output.flush()
    }

    static func main() {
        Glibc.exit(run(Array(CommandLine.arguments.dropFirst())))
    }

    /// - Returns: the exit status.
    private static func run(_ arguments: [String]) -> CInt {
        if let slip = Passim.slip(in: arguments) {
            Output.complain(slip.description, command: slip.command)
            return 1
        }
        do {
            var command = try parseAsRoot(StockArguments.ordered(arguments))
            try command.run()
            return 0
        } catch let error as Failure {
            Output.complain(error.description, command: error.command)
            return 1
        } catch let error as BusError {
            let isRoot = geteuid() == 0
            let words = arguments.map { ShellWord.quoted($0) ?? "…" }.joined(separator: " ")
            Output.complain(
                error.description,
                command: error.isForRoot && !isRoot ? "sudo passim \(words)" : error.command)
            return 1
        } catch {
            return end(error)
        }
    }

    /// A first word that is no command.
    private static func slip(in arguments: [String]) -> Failure? {
        guard let word = arguments.first, !word.hasPrefix("-"), !word.isEmpty else { return nil }
        let commands = configuration.subcommands.flatMap { command in
            [command.configuration.commandName ?? ""] + command.configuration.aliases
        }
        guard !commands.contains(word), word != "help" else { return nil }
        let meant = nearest(to: word, among: commands)
        return Failure(
            "there is no command '\(RawName(word))'" + (meant.map { ": did you mean \($0)?" } ?? ""),
            command: meant.map { "passim \($0)" } ?? "passim --help")
    }

    /// Prints the help of a command that does nothing by itself.
    ///
    /// - Returns: what to throw, as after any other wrong usage.
    static func misused(_ command: any ParsableCommand.Type) throws(Failure) -> any Error {
        let errors = Output(.errors)
        try errors.line(helpMessage(for: command))
        try errors.flush()
        return ExitCode(1)
    }

    /// Handles ArgumentParser's errors: help that was asked for, wrong usage, an exit status.
    private static func end(_ error: any Error) -> CInt {
        let code = exitCode(for: error)
        let message = fullMessage(for: error)
        let output = Output(code.isSuccess ? .output : .errors)
        do throws(Failure) {
            if !message.isEmpty { try output.line(message) }
            try output.flush()
        } catch {
            return 1
        }
        // EX_USAGE, which is 64, is 1 with the stock command.
        return code == .validationFailure ? 1 : code.rawValue
    }
}
