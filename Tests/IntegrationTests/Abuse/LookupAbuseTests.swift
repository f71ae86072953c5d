import Glibc
import PassimCore
import PassimTestKit
import Testing

/// A user of this machine who looks up what nobody has, thousands of times at once: takes as long as these look-ups do,
/// and all of the machine, so it is for long runs. `PeerSearchTests` has what decides.
@Suite(
    .enabled(if: AvahiHost.isPossible, Comment(rawValue: AvahiHost.requirement)),
    .enabled(if: getenv("PASSIM_LONG") != nil, "takes all of the machine"), .timeLimit(.minutes(10)))
struct LookupAbuseTests {
    @Test func crowdOfOneUserLeavesRootItsLookups() async throws {
        let lan = try Lan()
        let hosts = [
            try AvahiHost(lan.server, name: "sharer"), try AvahiHost(lan.client, name: "asker"),
        ]
        let contents = (0..<10).map { "content \($0)" }
        let sharer = try DaemonSite(
            namespace: lan.server, environment: ["DBUS_SYSTEM_BUS_ADDRESS": hosts[0].busAddress])
        for content in contents { try sharer.put(content, content) }
        try sharer.share()
        let sharing = try sharer.start()
        try sharing.process.waitForLine(containing: "advertising ")
        let daemon = try DaemonSite(
            namespace: lan.client, environment: ["DBUS_SYSTEM_BUS_ADDRESS": hosts[1].busAddress]
        ).start()
        func lookUp(_ content: String) throws -> Int {
            try lan.curl(
                on: lan.client,
                ["--max-time", "20", "https://localhost:\(daemon.port)/x?sha256=\(Digest(of: content).hex)"]
            ).status
        }
        #expect(try lookUp(contents[0]) == 302)
        let script = """
            import os, socket, ssl, threading, sys
            port = int(sys.argv[1])
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            def ask(number):
                try:
                    with context.wrap_socket(socket.create_connection(("127.0.0.1", port))) as client:
                        print("asking", file=sys.stderr, flush=True) if number == 500 else None
                        while True:
                            client.sendall(f"GET /x?sha256={os.urandom(32).hex()} HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n".encode())
                            client.recv(65536)
                except OSError:
                    pass
            threading.stack_size(262144)
            for number in range(1000):
                threading.Thread(target=ask, args=(number,), daemon=True).start()
            threading.Event().wait(60)
            """
        var setting = hosts[1].setting
        setting.user = DaemonSite.unprivileged
        let crowd = try ChildProcess(["/usr/bin/python3", "-c", script, "\(daemon.port)"], setting)
        try crowd.waitForLine(containing: "asking", seconds: 60)
        var found = 0
        for content in contents {
            let start = ContinuousClock.now
            let status = try lookUp(content)
            print("status \(status) after \(ContinuousClock.now - start)")
            if status == 302 { found += 1 }
        }
        print("look-ups beside 1000 of another user: \(found) of 10 found")
        #expect(found == 10)
        crowd.kill(9)
        withExtendedLifetime(sharing) {}
    }
}
