internal import ArgumentParser

struct MirrorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mirror", abstract: "Add, list, fill and remove directories that are shared.",
        discussion: """
            Each directory has a file of its own in passim.d below $SYSCONFDIR (/etc). A daemon that runs \
            notices what is done here at once; it need not run. See passim.conf(5) for more than the directory.
            """,
        subcommands: [
            MirrorAddCommand.self, MirrorListCommand.self, MirrorRemoveCommand.self, MirrorSyncCommand.self,
            MirrorRemoteCommand.self,
        ])

    func run() throws {
        throw try Passim.misused(MirrorCommand.self)
    }
}
