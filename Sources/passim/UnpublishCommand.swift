internal import ArgumentParser
internal import PassimBus
internal import PassimCore

struct UnpublishCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpublish", abstract: "Stop sharing a published file (needs root).")

    @Argument(help: "The file's SHA-256, in 64 hexadecimal digits.", transform: DigestArgument.parse)
    var hash: DigestArgument

    func run() throws {
        try BusClient().unpublish(hash.digest.hex)
        let output = Output()
        try output.line("Unpublished: \(hash.digest.hex)")
        try output.flush()
    }
}
