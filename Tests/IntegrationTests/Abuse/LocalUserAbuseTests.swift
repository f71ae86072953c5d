import Glibc
import PassimCore
import PassimCrypto
import PassimSystem
import PassimTestKit
import Testing

/// What a user of this machine, and whoever starts the daemon, may do to it besides what the bus lets them.
@Suite(.timeLimit(.minutes(10)))
struct LocalUserAbuseTests {
    // MARK: Pages

    /// Pages of many files, which take some time each.
    @Test func pagesAreMadeByAFewThreadsAndTheOthersAreRefused() throws {
        let site = try DaemonSite()
        try site.share()
        try Command.succeed([
            "sh", "-c", "cd \"$0\"; seq -f '%06.0f-name' 5000 | xargs touch -d @1600000000",
            site.tree.absolute("mirror"),
        ])
        let daemon = try site.start()
        try daemon.firstPass()
        let clients = try (0..<200).map { _ in try daemon.connect() }
        let before = try daemon.status("Threads")
        for client in clients {
            try client.client.send("GET /?q=none-of-them HTTP/1.1\r\nHost: localhost\r\n\r\n")
        }
        var most = before
        // Monitoring goes on.
        for _ in 0..<5 {
            #expect(try daemon.get("/healthz").status == 200)
            most = max(most, try daemon.status("Threads"))
        }
        var statuses: [Int: Int] = [:]
        for client in clients {
            statuses[try client.response(seconds: 120).status, default: 0] += 1
            most = max(most, try daemon.status("Threads"))
        }
        print("pages: \(statuses), \(before) threads before, at most \(most)")
        #expect(Set(statuses.keys).isSubset(of: [200, 503]))
        #expect(statuses[200, default: 0] >= 4)
        // Those of the pages, and some that come and go.
        #expect(most <= before + 16)
        let warnings = daemon.log.split(separator: "\n").count { $0.contains("too many pages") }
        #expect(warnings <= 3, "\(daemon.log)")
    }

    // MARK: Standard error

    /// A pipe that is full, and that nobody reads.
    @Test func standardErrorThatStallsStopsNothing() throws {
        let notified = try NotifySocket()
        let site = try DaemonSite()
        try site.put("file", "content")
        try site.share()
        try Command.succeed(["mkfifo", site.tree.absolute("errors")])
        var setting = ChildProcess.Setting()
        setting.environment = [
            "SYSCONFDIR": site.tree.absolute("etc"), "LOCALSTATEDIR": site.tree.absolute("var"),
            "NOTIFY_SOCKET": notified.path, "JOURNAL_STREAM": nil, "PASSIM_LOG": "debug",
            "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=\(site.tree.absolute("no-bus"))",
        ]
        let script = """
            exec 2<>"$1"
            head -c 65536 /dev/zero >&2
            exec "$0"
            """
        let process = try ChildProcess(
            ["sh", "-e", "-c", script, try Products.path(of: "passimd"), site.tree.absolute("errors")],
            setting)
        let ready = try notified.wait(seconds: 120) { $0.contains("READY=1") }
        let port = try #require(
            ready.compactMap { $0.split(separator: " ").last.flatMap { UInt16($0) } }.first)
        func fetches(_ content: String) throws -> Bool {
            let exchange = try HTTPExchange(port: port)
            return try exchange.request("GET", "/file?sha256=\(Digest(of: content).hex)").status == 200
        }
        #expect(try fetches("content"))
        // And it goes on scanning.
        try site.put("another", "another content")
        let end = ContinuousClock.now + .seconds(60)
        while try !fetches("another content"), ContinuousClock.now < end { usleep(10_000) }
        #expect(try fetches("another content"))
        #expect(try process.terminate(seconds: 60) == .exit(0))
    }

    // MARK: The end

    /// A socket where connections are taken, and nobody ever speaks.
    private final class MuteBus {
        let address: String
        private let socket: CInt

        init(in tree: TemporaryTree) throws {
            let path = tree.absolute("mute-bus")
            address = "unix:path=\(path)"
            socket = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
            _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
            var place = sockaddr_un()
            place.sun_family = sa_family_t(AF_UNIX)
            let bytes = Array(path.utf8)
            withUnsafeMutableBytes(of: &place.sun_path) { $0.copyBytes(from: bytes) }
            let isBound = withUnsafePointer(to: &place) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
                }
            }
            guard isBound, listen(socket, 64) == 0 else {
                throw TestFailure("no socket at \(path): errno \(errno)")
            }
        }

        deinit {
            close(socket)
        }
    }

    @Test func busThatIsMuteDoesNotDelayTheEnd() throws {
        let place = try TemporaryTree()
        let bus = try MuteBus(in: place)
        let site = try DaemonSite(environment: ["DBUS_SYSTEM_BUS_ADDRESS": bus.address])
        try site.put("file", "content")
        try site.share()
        let daemon = try site.start()
        #expect(try daemon.fetchWhenServed(Digest(of: "content")).status == 200)
        let start = ContinuousClock.now
        #expect(try daemon.process.terminate(seconds: 60) == .exit(0))
        let passed = ContinuousClock.now - start
        print("mute bus: ended after \(passed)")
        // 5 s, and what a busy machine adds.
        #expect(passed < .seconds(20))
        withExtendedLifetime(bus) {}
    }
}
