internal import ArgumentParser
internal import PassimCore

@main
struct Passim: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "passim", abstract: "Share files with the machines of this network, by SHA-256.")

    @Flag(name: .long, help: "Print the versions of this command and of the daemon, and exit.")
    var version = false

    func run() throws {
        if version { print("client version: \(passimVersion)") }
    }
}
