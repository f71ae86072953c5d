internal import ArgumentParser
internal import PassimConfig
internal import PassimCore

struct MirrorRemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Stop sharing a directory; its files stay.")

    @Argument(help: "The name of its file in passim.d, with or without .conf.")
    var name: DropInName

    func run() throws {
        let paths = Paths(environment: Style.variable)
        let file = DropInFile(name, paths)
        try file.remove()
        let unit = SyncUnit(name, paths)
        try unit.remove()
        let output = Output()
        try output.line("Removed: \(RawName(file.path))")
        try output.flush()
        // The name of another's instance would be escaped.
        let timers = SyncUnit.isFit(name) ? unit.enabledTimers : []
        if !timers.isEmpty {
            Output.complain(
                "systemd goes on to start what fills or verifies it, which fails from now on:",
                command: "systemctl disable --now " + timers.joined(separator: " "))
        }
    }
}
