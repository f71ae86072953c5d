internal import Glibc
internal import PassimSystem
internal import PassimTestKit

/// An interface of `Listen=` that comes with an address, as a tunnel's does, and goes in the midst of a download.
struct ComingInterface: Attack {
    let name = "an interface that comes and goes"
    /// Of `Listen=` of the neighbour.
    static let interface = "wg9"
    private static let address = "192.0.2.1"
    private let hosts: SoakHosts

    init(_ hosts: SoakHosts) {
        self.hosts = hosts
    }

    func perform(_ random: inout SeededGenerator) throws {
        let here = hosts.liar.namespace
        let there = hosts.hosts[1].namespace
        try Command.succeed([
            "ip", "link", "add", ComingInterface.interface, "netns", there, "type", "veth", "peer", "peer9",
            "netns", here,
        ])
        for (host, name, address) in [
            (there, ComingInterface.interface, ComingInterface.address), (here, "peer9", "192.0.2.2"),
        ] {
            try Command.succeed(["ip", "-n", host, "addr", "add", "\(address)/24", "dev", name])
            try Command.succeed(["ip", "-n", host, "link", "set", name, "up"])
        }
        try fetchUntilServed()
        usleep(UInt32.random(in: 0...1_000_000, using: &random))
        try Command.succeed(["ip", "-n", there, "link", "delete", ComingInterface.interface])
        // The others' way is as it was.
        let status = try hosts.lookUpOnNeighbour(hosts.theirs.digest).status
        guard status == 200 else {
            throw TestFailure("what the neighbour has was answered \(status) to itself")
        }
    }

    private func fetchUntilServed() throws {
        let end = monotonicNanoseconds() + 60_000_000_000
        while true {
            let download = Result {
                try Download(
                    Download.target(hosts.theirs.digest), of: hosts.theirs.digest,
                    over: HTTPExchange(to: ComingInterface.address, port: hosts.neighbour.port))
            }
            if case .success(.whole) = download { return }
            guard monotonicNanoseconds() < end else {
                throw TestFailure(
                    "\(ComingInterface.interface) is there and not listened at: \(download); the neighbour's "
                        + "passimd said: \(hosts.neighbour.log.suffix(1500))")
            }
            usleep(20_000)
        }
    }
}
