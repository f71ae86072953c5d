internal import ArgumentParser
internal import PassimDaemon

@main
struct Passimd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "passimd",
        abstract: "Share the files of local directories with the machines of this network, by SHA-256.",
        discussion: """
            Directories are named by keyfiles in passim.d, below $SYSCONFDIR (/etc). State is kept below \
            $LOCALSTATEDIR (/var). PASSIM_LOG=debug logs more; PASSIM_CHECKSUMS=store writes no attributes. \
            See passimd(8) and passim.conf(5).
            """)

    @Flag(name: .long, help: "Print the version and exit.")
    var version = false

    @Flag(
        name: [.customShort("n"), .long],
        help: "Read the configuration, print what would be served and every error, and exit with 0 or 1.")
    var checkConfig = false

    @Flag(name: .long, help: "Let any user publish, not only root.")
    var insecure = false

    @Flag(name: .long, help: "Stop after ten seconds.")
    var timedExit = false

    static func main() async {
        Program.prepareProcess()
        await main(nil)
    }

    func run() async throws {
        let program = Program(insecure: insecure, timedExit: timedExit)
        if version {
            program.printVersion()
        } else if checkConfig {
            throw ExitCode(program.checkConfiguration())
        } else {
            throw ExitCode(await program.serve())
        }
    }
}
