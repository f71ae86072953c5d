internal import ArgumentParser

/// `passim-bench discovery`: what it costs to be found, and how long it takes to find.
struct DiscoveryBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discovery",
        abstract: "Advertising through the real avahi-daemon, on a LAN of two hosts.",
        subcommands: [AdvertiseCommand.self, FindCommand.self])
}
