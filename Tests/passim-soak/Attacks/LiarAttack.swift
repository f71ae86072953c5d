internal import Glibc
internal import PassimCore
internal import PassimTestKit

/// A host that says it has files that it has not, and that others have them at places where no peer is.
final class LiarAttack: Attack {
    let name = "a liar's answers"
    private let hosts: SoakHosts
    private let host: AvahiHost
    /// Tells of everybody who comes to one of `places`.
    private let listener: ChildProcess
    private let count = Lock(0)

    private struct Place {
        var address: String
        var port: Int
        /// Is one where peers may be.
        var isAllowed = false
    }

    private static let places = [
        Place(address: "203.0.113.9", port: 27500), Place(address: "169.254.169.254", port: 80),
        Place(address: "10.9.9.8", port: 22), Place(address: "10.9.9.7", port: 27600, isAllowed: true),
    ]

    init(_ hosts: SoakHosts) throws {
        self.hosts = hosts
        host = hosts.liar
        for place in LiarAttack.places {
            try Command.succeed([
                "ip", "-n", host.namespace, "addr", "add", "\(place.address)/32", "dev", "lo",
            ])
            try Command.succeed([
                "ip", "-n", hosts.hosts[1].namespace, "route", "add", "\(place.address)/32", "via",
                SoakHosts.attackerAddress,
            ])
        }
        let script = """
            from select import select
            from socket import create_server
            from sys import argv, stderr
            listeners = [create_server((p.rsplit(":", 1)[0], int(p.rsplit(":", 1)[1]))) for p in argv[1:]]
            print("listening", file=stderr, flush=True)
            while True:
                for listener in select(listeners, [], [])[0]:
                    listener.accept()[0].close()
                    print("came to %s:%d." % listener.getsockname(), file=stderr, flush=True)
            """
        listener = try ChildProcess(
            ["/usr/bin/python3", "-c", script] + LiarAttack.places.map { "\($0.address):\($0.port)" },
            host.setting)
        try listener.waitForLine(containing: "listening")
    }

    func perform(_ random: inout SeededGenerator) throws {
        let number = count.withLock { count in
            count += 1
            return count
        }
        // What nobody has, and what the mirror has as well.
        let digest = Digest(of: "what the liar says it has \(number)")
        let manner = random.pick(
            [.liar, .silent, .redirect(to: "https://203.0.113.9/")] as [StockPeer.Manner])
        let peer = try StockPeer(on: host, manner, digests: [digest, random.pick(hosts.steady).digest])
        let publishers = try LiarAttack.places.enumerated().flatMap { place, lie in
            try publish(lie, digest, "liar-\(number)-\(place)")
        }
        for _ in 0..<2 {
            let response = try hosts.lookUpOnNeighbour(digest)
            guard response.status == 404 else {
                throw TestFailure("what only a liar has was answered \(response.status) \(response.headers)")
            }
            usleep(UInt32.random(in: 0...500_000, using: &random))
        }
        withExtendedLifetime((peer, publishers)) {}
        let visits = listener.errorText.split(separator: "\n").filter { $0.hasPrefix("came to ") }
        let allowed = LiarAttack.places.filter(\.isAllowed).map { "came to \($0.address):\($0.port)." }
        if let wrong = visits.first(where: { !allowed.contains(String($0)) }) {
            throw TestFailure("a daemon \(wrong)")
        }
    }

    private func publish(_ place: Place, _ digest: Digest, _ name: String) throws -> [ChildProcess] {
        let address = try ChildProcess(
            ["avahi-publish-address", "--no-reverse", "\(name).local", place.address], host.setting)
        try address.waitForLine(containing: "Established")
        let service = try ChildProcess(
            [
                "avahi-publish-service", "--subtype", "_\(digest.hex.prefix(60))._sub._cache._tcp", "--host",
                "\(name).local", name, "_cache._tcp", "\(place.port)",
            ], host.setting)
        try service.waitForLine(containing: "Established")
        return [address, service]
    }
}
