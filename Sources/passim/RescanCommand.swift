internal import ArgumentParser
internal import PassimBus

struct RescanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rescan", abstract: "Have the daemon scan all its directories again (needs root).")

    func run() throws {
        try BusClient().rescan()
        let output = Output()
        try output.line("All directories are walked again: passim status tells how far it is.")
        try output.flush()
    }
}
