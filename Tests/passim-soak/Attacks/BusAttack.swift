internal import Glibc
internal import PassimCore
internal import PassimTestKit

/// A user of the bus who calls and calls and reads no answer, on the mirror or on its neighbour, which has many files.
struct BusAttack: Attack {
    let name = "bus floods"
    private let hosts: SoakHosts
    private let disturbances: Disturbances
    /// The neighbour's bus for root.
    private let root: StockBusClient

    init(_ hosts: SoakHosts, _ disturbances: Disturbances) throws {
        self.hosts = hosts
        self.disturbances = disturbances
        root = try StockBusClient(["DBUS_SYSTEM_BUS_ADDRESS": hosts.hosts[1].busAddress])
    }

    func perform(_ random: inout SeededGenerator) throws {
        let isMirror = random.chance(50)
        let digest = Digest(of: random.bytes(8)).hex
        let steady = hosts.steady[1]
        let passim = "org.freedesktop.Passim"
        let call = random.pick([
            [passim, "GetItems", ""], ["\(passim).Mirror", "FindPeers", "s", digest],
            ["\(passim).Mirror", "ListItems", "tus", "0", "10000", ""],
            // Of the only honest peer.
            [
                "\(passim).Mirror", "ReportPeer", "ss",
                "https://\(Lan.serverAddress):\(hosts.mirror.port)/\(steady.name)?sha256=\(steady.digest.hex)",
                steady.digest.hex,
            ],
        ])
        let before = disturbances.busChanges
        do {
            // Another user than the one whose calls are checked (Publisher).
            let flood = try BusFlood(
                at: hosts.hosts[isMirror ? 0 : 1].busAddress, user: random.pick([1, 2]), connections: 3,
                calls: Int.random(in: 20...120, using: &random), call)
            if !isMirror { try checkNeighbour() }
            usleep(UInt32.random(in: 0...2_000_000, using: &random))
            flood.end()
        } catch {
            // The bus of the mirror is restarted now and then.
            guard isMirror, before % 2 == 1 || disturbances.busChanges != before else { throw error }
        }
    }

    /// Root is answered, with all there is.
    private func checkNeighbour() throws {
        let answer = try root.ask(["count", "60"])
        let count = answer.lines.first.flatMap { $0.split(separator: " ").first }.flatMap { Int($0) }
        guard answer.error == nil, count == hosts.neighbourFiles else {
            throw TestFailure(
                "beside a flood, root got \(answer.error ?? "") \(answer.message) \(answer.lines.prefix(1))")
        }
    }
}
