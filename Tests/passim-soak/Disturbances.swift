internal import Glibc
internal import PassimCore
internal import PassimTestKit

/// Has the disturbances happen, one after another.
final class Disturbances: Sendable {
    private struct State {
        var second = false
        var broken = false
        var explicit = false
        /// passimd answers questions of mDNS itself.
        var answering = false
        /// How often the bus went or came.
        var busChanges = 0
    }

    private let hosts: SoakHosts
    private let counts: Lock<SoakCounts>
    private let state = Lock(State())

    init(_ hosts: SoakHosts, _ counts: Lock<SoakCounts>) {
        self.hosts = hosts
        self.counts = counts
    }

    /// Whether the drop-in that comes and goes is there.
    var isSecondShared: Bool { state.withLock { $0.second } }

    /// Odd while there is no bus; another number than before where there was none meanwhile.
    var busChanges: Int { state.withLock { $0.busChanges } }

    /// The directory that comes and goes has files of its own, and one that is in the other too.
    static func prepare(_ site: DaemonSite, seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for number in 0..<20 { try site.tree.write("second/s\(number)", random.bytes(1000 * number)) }
    }

    func start(seed: UInt64) throws -> LoopThread {
        try LoopThread("disturbances", seed: seed, pause: 500_000..<8_000_000) { [self] random in
            let disturbance = random.pick(Disturbance.weighted)
            try perform(disturbance, &random)
            counts.withLock { $0.disturbances[disturbance, default: 0] += 1 }
        }
    }

    private func perform(_ disturbance: Disturbance, _ random: inout SeededGenerator) throws {
        switch disturbance {
        case .hangUp: hosts.mirror.process.kill(SIGHUP)
        case .editDropIn:
            // The same, in other words.
            let isExplicit = state.withLock { Disturbances.flip(&$0.explicit) }
            let lines = isExplicit ? ["Recursive=true", "Advertise=true", "Cooldown=0"] : []
            try write("mirror", ["Path=\(hosts.site.tree.absolute("mirror"))"] + lines)
        case .toggleSecond:
            try toggle(
                "second", state.withLock { Disturbances.flip(&$0.second) },
                ["Path=\(hosts.site.tree.absolute("second"))"])
        case .breakDropIn:
            try toggle(
                "broken", state.withLock { Disturbances.flip(&$0.broken) }, ["Path=nowhere", "what is this"])
        case .restartAvahi: try hosts.hosts[0].restartAvahi()
        case .restartNeighboursAvahi: try hosts.hosts[1].restartAvahi()
        case .restartBus: try restartBus()
        case .switchResponder:
            let isAnswering = state.withLock { Disturbances.flip(&$0.answering) }
            try hosts.site.configure(SoakHosts.settings + (isAnswering ? ["Responder=always"] : []))
            hosts.mirror.process.kill(SIGHUP)
        case .renameHost:
            // The neighbour's name is a conflict: avahi-daemon takes the next.
            let name =
                random.chance(20) ? "neighbour" : "mirror-\(Int.random(in: 100...100_000, using: &random))"
            try Command.succeed(["avahi-set-host-name", name], hosts.hosts[0].setting)
        }
    }

    private func restartBus() throws {
        let host = hosts.hosts[0]
        state.withLock { $0.busChanges += 1 }
        try host.stopAvahi()
        try host.stopBus()
        try host.startBus()
        try host.startAvahi()
        state.withLock { $0.busChanges += 1 }
    }

    /// - Returns: what it is then.
    private static func flip(_ flag: inout Bool) -> Bool {
        flag.toggle()
        return flag
    }

    private func toggle(_ name: String, _ isThere: Bool, _ lines: [String]) throws {
        if isThere { try write(name, lines) } else { try hosts.site.tree.remove("etc/passim.d/\(name).conf") }
    }

    private func write(_ name: String, _ lines: [String]) throws {
        let text = (["[passim]"] + lines).map { $0 + "\n" }.joined()
        // At once, as editors do: SIGHUP may come in between, and what is shared while the file is empty is nothing.
        try hosts.site.tree.write("etc/passim.d/.\(name).conf.new", text)
        try hosts.site.tree.rename("etc/passim.d/.\(name).conf.new", to: "etc/passim.d/\(name).conf")
    }
}
