import PassimCore
import PassimTestKit
import Testing

/// What systemd is told: sd_notify(3) to a socket of the test.
struct ServiceNotificationTests {
    let listener: NotifySocket
    let site: DaemonSite

    init() throws {
        let listener = try NotifySocket()
        self.listener = listener
        site = try DaemonSite(environment: ["NOTIFY_SOCKET": listener.path])
        try site.put("file", "content")
        try site.share()
    }

    @Test func lifeOfTheDaemonIsTold() throws {
        let daemon = try site.start()
        let ready = try listener.wait { $0.contains("READY=1") }
        #expect(ready.contains("STATUS=Serving 1 files on port \(daemon.port)"))
        daemon.process.kill(1)
        let reloading = try listener.wait { $0.contains("RELOADING=1") }
        #expect(reloading.contains { $0.hasPrefix("MONOTONIC_USEC=") })
        _ = try listener.wait { $0.contains("READY=1") }
        try daemon.process.terminate()
        _ = try listener.wait { $0.contains("STOPPING=1") }
    }

    @Test func watchdogIsFedWhereSystemdAsksForIt() throws {
        let site = try DaemonSite(
            environment: ["NOTIFY_SOCKET": listener.path, "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": nil])
        let daemon = try site.start()
        for _ in 0..<5 { _ = try listener.wait { $0.contains("WATCHDOG=1") } }
        try daemon.process.terminate()
        #expect(listener.messages.contains { $0.contains("STOPPING=1") })
    }

    @Test func nothingIsReadyThatDoesNotListen() throws {
        let first = try site.start()
        _ = try listener.wait { $0.contains("READY=1") }
        let other = try DaemonSite(environment: ["NOTIFY_SOCKET": listener.path])
        try other.configure(["Port=\(first.port)"])
        let second = try? other.start()
        #expect(second == nil)
        #expect(listener.messages.filter { $0.contains("READY=1") }.isEmpty)
        #expect(try first.get("/").status == 200)
    }

    @Test func nothingWaitsForSystemdToRead() throws {
        try listener.fill()
        let daemon = try site.start()
        #expect(try daemon.fetch(Digest(of: "content")).status == 200)
        #expect(try daemon.process.terminate() == .exit(0))
    }
}
