import Glibc
import PassimCore
import PassimSystem
import PassimTestKit
import Testing

/// `Listen=` with the name of an interface that comes later, or is made anew, as a tunnel's is.
@Suite(.enabled(if: Lan.isPossible, "needs root and network namespaces"))
struct FollowedInterfaceTests {
    private final class Namespace {
        private static let count = Lock(0)
        let name: String

        init() throws {
            let number = Namespace.count.withLock { count in
                count += 1
                return count
            }
            name = "passim-follow-\(getpid())-\(number)"
            try Command.succeed(["ip", "netns", "add", name])
            try run("ip link set lo up")
        }

        deinit {
            _ = try? Command.run(["ip", "netns", "delete", name])
        }

        func run(_ script: String) throws {
            try Command.succeed(["ip", "netns", "exec", name, "sh", "-e", "-c", script])
        }
    }

    /// Whether somebody listens on the port, bound to the interface.
    private func listens(_ namespace: Namespace, _ port: UInt16) throws -> Bool {
        try Command.succeed([
            "ip", "netns", "exec", namespace.name, "ss", "-Hltn", "sport", "=", ":\(port)",
        ]).text.contains("%wg9:")
    }

    /// The places where somebody listens on the port, without it.
    private func places(_ namespace: Namespace, _ port: UInt16) throws -> Set<String> {
        let lines = try Command.succeed([
            "ip", "netns", "exec", namespace.name, "ss", "-Hltn", "sport", "=", ":\(port)",
        ]).text.split(separator: "\n")
        return Set(
            lines.compactMap {
                $0.split(separator: " ").dropFirst(3).first?.split(separator: ":").first.map(String.init)
            })
    }

    private func waitUntil(_ wanted: Bool, _ namespace: Namespace, _ port: UInt16) throws {
        let end = ContinuousClock.now + .seconds(30)
        while try listens(namespace, port) != wanted {
            guard ContinuousClock.now < end else { throw TestFailure("listening at wg9 is not \(wanted)") }
            usleep(20_000)
        }
    }

    @Test func interfaceThatComesLaterIsListenedAtAndAgainWhenItIsMadeAnew() throws {
        let namespace = try Namespace()
        let site = try DaemonSite(namespace: namespace.name, "Listen=wg9")
        try site.put("file", "content")
        try site.share()
        let daemon = try site.start()
        #expect(daemon.log.contains("not listening at wg9 (IPv4): there is no such interface"))
        #expect(try !listens(namespace, daemon.port))
        let place = ClientPlace(namespace.name, asking: "127.0.0.1")
        func health() throws -> String {
            let found = Monitor<String?>(nil)
            let thread = try SystemThread(name: "client") {
                guard (try? place.enter()) != nil else { return }
                let text = try? HTTPExchange(port: daemon.port).request("GET", "/healthz").text
                found.withLock { $0 = text }
            }
            thread.join()
            return found.withLock { $0 } ?? ""
        }
        #expect(try health() == "ok\nnot listening at wg9 (IPv4)\n")
        for round in 0..<2 {
            try namespace.run(
                "ip link add wg9 type veth peer name peer9; ip addr add 192.0.2.1/24 dev wg9; ip link set wg9 up"
            )
            try waitUntil(true, namespace, daemon.port)
            try daemon.process.waitForLine(containing: "listening at wg9 (IPv4)", from: 3)
            #expect(try health() == "ok\n")
            try namespace.run("ip link delete wg9")
            try waitUntil(false, namespace, daemon.port)
            #expect(try health() == "ok\nnot listening at wg9 (IPv4)\n", "round \(round)")
        }
        #expect(daemon.log.contains("the interface is gone"))
        // Gone and back before anybody looks: it has another number.
        try namespace.run("ip link add wg9 type veth peer name peer9; ip link set wg9 up")
        try waitUntil(true, namespace, daemon.port)
        try namespace.run("ip link delete wg9; ip link add wg9 type veth peer name peer9; ip link set wg9 up")
        try waitUntil(true, namespace, daemon.port)
        #expect(try health() == "ok\n")
        #expect(try daemon.process.terminate() == .exit(0))
    }

    /// The kernel takes every address of one interface, and one address of any, for the same place.
    @Test func addressBesideInterfacesIsListenedAtAndThePortIsNobodyElses() throws {
        let namespace = try Namespace()
        try namespace.run("ip addr add 10.9.9.9/32 dev lo")
        let listen = "Listen=wg9;10.9.9.9"
        let daemon = try DaemonSite(namespace: namespace.name, listen).start()
        #expect(try places(namespace, daemon.port) == ["10.9.9.9", "0.0.0.0%lo"])
        // An interface that comes finds the address there.
        try namespace.run("ip link add wg9 type veth peer name peer9; ip link set wg9 up")
        try waitUntil(true, namespace, daemon.port)
        #expect(try places(namespace, daemon.port) == ["10.9.9.9", "0.0.0.0%lo", "0.0.0.0%wg9"])
        // Another daemon, of the same user, does not get any of them.
        for other in [listen, "Listen=10.9.9.9", "Listen=wg9", "Listen=10.9.9.9;wg9"] {
            let site = try DaemonSite(namespace: namespace.name, "Port=\(daemon.port)", other)
            let error = #expect(throws: TestFailure.self) { try site.start() }
            #expect("\(error as Any)".contains("port \(daemon.port) is taken"), "\(other)")
        }
        #expect(try daemon.process.terminate() == .exit(0))
        // And the other way round.
        let next = try DaemonSite(namespace: namespace.name, "Listen=10.9.9.9;wg9").start()
        #expect(try places(namespace, next.port) == ["10.9.9.9", "0.0.0.0%lo", "0.0.0.0%wg9"])
    }
}
