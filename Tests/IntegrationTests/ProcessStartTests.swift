import Glibc
import PassimCore
import PassimSystem
import PassimTestKit
import Testing

/// The first moments of the process: what it was started with, and signals that come at once.
struct ProcessStartTests {
    let site: DaemonSite

    init() throws {
        site = try DaemonSite()
        try site.put("file", "content")
        try site.share()
    }

    private var environment: [String: String?] {
        [
            "SYSCONFDIR": site.tree.absolute("etc"), "LOCALSTATEDIR": site.tree.absolute("var"),
            "NOTIFY_SOCKET": nil, "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=\(site.tree.absolute("no-bus"))",
        ]
    }

    private func start(_ prefix: String...) throws -> ChildProcess {
        var setting = ChildProcess.Setting()
        setting.environment = environment
        return try ChildProcess(prefix + [try Products.path(of: "passimd")], setting)
    }

    /// One that nobody has now.
    private func freePort() throws -> UInt16 {
        try Socket.listen(.address(IPAddress(ipv4: 0x7F00_0001)), port: 0).boundPort()
    }

    /// Waits until the daemon that was not heard of serves.
    private func waitForService(_ port: UInt16) throws {
        let end = ContinuousClock.now + .seconds(60)
        while (try? HTTPExchange(port: port).request("GET", "/healthz").status) != 200 {
            guard ContinuousClock.now < end else { throw TestFailure("the daemon does not serve") }
            usleep(20_000)
        }
    }

    @Test func closedStandardDescriptorsAreOpenedOnNull() throws {
        let port = try freePort()
        try site.tree.write("etc/passim.conf", "[daemon]\nPort=\(port)\n")
        let daemon = try start("sh", "-c", "exec \"$0\" 0<&- 1>&- 2>&-")
        try waitForService(port)
        for number in 0...2 {
            let link = try Command.succeed(["readlink", "/proc/\(daemon.identifier)/fd/\(number)"]).text
            #expect(link == "/dev/null\n", "\(number)")
        }
        daemon.kill(SIGTERM)
        #expect(try daemon.wait() == .exit(0))
    }

    @Test func standardErrorThatNobodyReadsIsNotTheEnd() throws {
        let port = try freePort()
        // Something to complain of at once.
        try site.tree.write("etc/passim.conf", "[daemon]\nPort=\(port)\nMaxItemSize=many\n")
        let daemon = try start("bash", "-c", "exec 2> >(exec true); wait $!; exec \"$0\"")
        try waitForService(port)
        daemon.kill(SIGTERM)
        #expect(try daemon.wait() == .exit(0))
    }

    /// Whether the process has a handler for the signal (proc(5)); nil where it has ended.
    private func catches(_ signal: Int32, _ daemon: ChildProcess) -> Bool? {
        guard let status = try? Command.run(["cat", "/proc/\(daemon.identifier)/status"]), status.succeeded,
            let line = status.text.split(separator: "\n").first(where: { $0.hasPrefix("SigCgt:") }),
            let mask = UInt64(line.dropFirst(7).drop { $0 == "\t" }, radix: 16)
        else { return nil }
        return mask & (1 << UInt64(signal - 1)) != 0
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func signalInTheFirstMillisecondsEndsItWithZero(signal: Int32) throws {
        for round in 0..<12 as Range<UInt32> {
            let daemon = try start()
            while catches(signal, daemon) == false {}
            usleep(round * round * 300)
            daemon.kill(signal)
            #expect(try daemon.wait() == .exit(0), "round \(round): \(daemon.errorText)")
        }
    }
}
