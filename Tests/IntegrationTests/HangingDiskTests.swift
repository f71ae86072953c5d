import Glibc
import PassimCore
import PassimSystem
import PassimTestKit
import Testing

/// Mirrors on a file system that hangs: it neither answers nor fails, as NFS without its server does. Here one in user
/// space whose process is stopped.
@Suite(.timeLimit(.minutes(8)))
struct HangingDiskTests {
    private let site: DaemonSite
    private var tree: TemporaryTree { site.tree }

    private let listener: NotifySocket
    private let bus: SystemBus

    init() throws {
        listener = try NotifySocket()
        bus = try SystemBus(.everything)
        let environment: [String: String?] = [
            "NOTIFY_SOCKET": listener.path, "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": nil,
        ]
        site = try DaemonSite(ownMounts: true, environment: environment.merging(bus.environment) { $1 })
        try site.tree.write("other/file", "on another disk")
        try site.share("other", as: "other")
        try site.share()
        try tree.makeDirectory("source")
        for number in 0..<30 { try tree.write("source/\(number)", "file \(number)") }
        try tree.truncate("source/large", to: 64 << 20)
    }

    private static let digests = (0..<30).map { Digest(of: "file \($0)") }

    /// In the foreground, where the daemon is; all files are known when it returns.
    private func serve(
        _ daemon: DaemonProcess, from source: String = "source", _ options: String...
    ) throws -> ChildProcess {
        let server = try bind(source, to: "mirror", for: daemon, options)
        for digest in HangingDiskTests.digests { try daemon.waitForStatus(200, of: digest, seconds: 60) }
        return server
    }

    private func bind(
        _ source: String, to directory: String, for daemon: DaemonProcess, _ options: [String] = []
    ) throws -> ChildProcess {
        try ChildProcess(
            ["nsenter", "--mount", "--target", "\(daemon.process.identifier)", "bindfs", "-f"] + options
                + [tree.absolute(source), tree.absolute(directory)])
    }

    /// Stops the file system between two requests. A request that it has taken and does not answer keeps its thread from
    /// ending, by any signal (request_wait_answer in the kernel's fs/fuse/dev.c), and so the daemon's process: a fault of
    /// the file system that no daemon can mend.
    private func hang(_ server: ChildProcess, under daemon: DaemonProcess) throws {
        try stop(daemon.process)
        defer { daemon.process.kill(SIGCONT) }
        try stop(server)
    }

    /// Returns when all its threads have stopped. One whose request is being answered is in state D until then.
    private func stop(_ process: ChildProcess) throws {
        process.kill(SIGSTOP)
        let end = ContinuousClock.now + .seconds(30)
        let running = "grep -h '^State:' /proc/\(process.identifier)/task/*/status | grep -v T"
        while try Command.run(["sh", "-c", running]).succeeded {
            guard ContinuousClock.now < end else { throw TestFailure("\(process) does not stop") }
            usleep(1000)
        }
    }

    /// A request of its own thread; what it came to, and after how long.
    private final class Asking: Sendable {
        private let outcome = Monitor<(status: Int?, seconds: Double)?>(nil)

        init(_ daemon: DaemonProcess, _ digest: Digest, at address: String = "127.0.0.1") throws {
            let outcome = outcome
            let port = daemon.port
            _ = try SystemThread(name: "asking") {
                let begin = ContinuousClock.now
                var options = TLSClient.Options()
                options.seconds = 60
                let response = try? HTTPExchange(to: address, port: port, options).request(
                    "GET", "/x?sha256=\(digest.hex)")
                let seconds = (ContinuousClock.now - begin) / .seconds(1)
                outcome.withLock { $0 = (response?.status, seconds) }
            }
        }

        func wait() throws -> (status: Int?, seconds: Double) {
            guard let outcome = outcome.wait(seconds: 90, until: { $0 }) else {
                throw TestFailure("a request for a file of a disk that hangs was not answered")
            }
            return outcome
        }
    }

    /// Seconds that new connections with one request each take, one after the other, until `isOver`.
    private func latencies(
        _ daemon: DaemonProcess, _ digest: Digest, until isOver: () -> Bool
    ) throws -> [Double] {
        var seconds: [Double] = []
        while !isOver() {
            let begin = ContinuousClock.now
            let response = try daemon.fetch(digest)
            #expect(response.status == 200)
            seconds.append((ContinuousClock.now - begin) / .seconds(1))
            usleep(20_000)
        }
        return seconds.sorted()
    }

    @Test(.enabled(if: hasFUSE, "needs root, FUSE and bindfs(1)"))
    func fileSystemThatHangsHoldsUpNobodyElse() throws {
        let daemon = try site.start()
        let server = try serve(daemon)
        try hang(server, under: daemon)
        defer { server.kill(SIGCONT) }
        let other = Digest(of: "on another disk")
        // Reactors and one more, several times.
        let count = 4 * (processorCount() + 1)
        let asking = try (0..<count).map { try Asking(daemon, HangingDiskTests.digests[$0 % 30]) }
        let end = ContinuousClock.now + .seconds(4)
        let seconds = try latencies(daemon, other) { ContinuousClock.now > end }
        let slowest = seconds[seconds.count * 99 / 100]
        #expect(slowest < 2, "\(seconds.suffix(5))")
        #expect(try daemon.get("/healthz").status == 200)
        let outcomes = try asking.map { try $0.wait() }
        for outcome in outcomes {
            // What it has of attributes and pages, the kernel answers for a second itself.
            #expect(outcome.status == 404 || outcome.status == 200, "\(outcome)")
            #expect(outcome.seconds < 30)
        }
        #expect(outcomes.contains { $0.status == 404 })
        if let address = OwnAddress.other {
            #expect(try Asking(daemon, HangingDiskTests.digests[29], at: "\(address)").wait().status == 503)
        }
        let metrics = try daemon.get("/metrics").text
        #expect(metrics.contains("passim_file_waits_total{result=\"given_up\"} "))
        #expect(!metrics.contains("passim_file_waits_total{result=\"given_up\"} 0\n"), "\(metrics)")
        #expect(daemon.log.contains("does not answer"), "\(daemon.log)")
        // No cause for systemd to start it again.
        _ = listener.messages
        for _ in 0..<4 { _ = try listener.wait { $0.contains("WATCHDOG=1") } }
        // Once all its threads are stuck, nobody waits for more of them.
        let more = try (0..<40).map { try Asking(daemon, HangingDiskTests.digests[$0 % 30]) }
        for asking in more { #expect(try asking.wait().status == 404) }
        let begin = ContinuousClock.now
        #expect(try daemon.fetch(HangingDiskTests.digests[0]).status == 404)
        #expect(ContinuousClock.now - begin < .seconds(4))
        #expect(!(try daemon.get("/metrics").text).contains("result=\"refused\"} 0\n"))
        // It answers again.
        server.kill(SIGCONT)
        for digest in HangingDiskTests.digests { try daemon.waitForStatus(200, of: digest, seconds: 60) }
        #expect(try daemon.process.terminate() == .exit(0))
        print(
            "limits: file system hangs: others' requests p50 \(seconds[seconds.count / 2]), p99 \(slowest) s"
        )
    }

    @Test(.enabled(if: hasFUSE, "needs root, FUSE and bindfs(1)"))
    func endIsBoundedWhileAFileSystemHangs() throws {
        let daemon = try site.start()
        let server = try serve(daemon)
        let large = try Digest(of: tree.read("source/large"))
        try daemon.waitForStatus(200, of: large, seconds: 60)
        // In the midst of a download, with requests that wait, and with a directory that is to be walked.
        var options = TLSClient.Options()
        options.seconds = 60
        options.receiveBuffer = 8192
        let download = try daemon.connect(options)
        try download.client.send("GET /x?sha256=\(large.hex) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try download.head().status == 200)
        try download.readBody(100_000) { _ in }
        try hang(server, under: daemon)
        defer { server.kill(SIGCONT) }
        let asking = try (0..<processorCount() + 1).map {
            try Asking(daemon, HangingDiskTests.digests[$0])
        }
        try tree.write("etc/passim.d/mirror.conf", "[passim]\nPath=\(tree.absolute("mirror"))\nExclude=x\n")
        #expect(try daemon.fetch(Digest(of: "on another disk")).status == 200)
        let begin = ContinuousClock.now
        #expect(try daemon.process.terminate(seconds: 60) == .exit(0))
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        #expect(seconds < 25)
        for one in asking { _ = try one.wait() }
        print("limits: end while a file system hangs: \(seconds) s")
    }

    /// The old one's process cannot end, by any signal: systemd gives up on it and starts the next.
    @Test(.enabled(if: hasFUSE, "needs root, FUSE and bindfs(1)"))
    func newDaemonStartsWhileThreadsOfTheOldOneWaitInTheKernel() throws {
        let daemon = try site.start()
        try tree.makeDirectory("middle")
        let inner = try bind("source", to: "middle", for: daemon)
        defer { inner.kill(SIGCONT) }
        // Until it is mounted, the one over it has other files.
        let first = tree.absolute("middle/0")
        while !(try Command.run(daemon.mountPrefix + ["test", "-e", first]).succeeded) { usleep(10_000) }
        let outer = try serve(daemon, from: "middle")
        try hang(inner, under: daemon)
        // The kernel answers from its own copies for a second; then threads of the daemon wait for what was taken.
        let end = ContinuousClock.now + .seconds(60)
        while try daemon.fetch(HangingDiskTests.digests[0]).status == 200 {
            guard ContinuousClock.now < end else { throw TestFailure("the file system answers") }
        }
        daemon.process.kill(SIGTERM)
        try daemon.process.waitForLine(seconds: 30) {
            $0.hasSuffix("stopped") || $0.contains("ending without it")
        }
        try site.configure(["Port=\(daemon.port)"])
        let next = try site.start()
        #expect(next.port == daemon.port)
        #expect(try next.fetch(Digest(of: "on another disk")).status == 200)
        let owner = try Command.succeed(
            ["busctl", "--address=\(bus.address)", "status", "org.freedesktop.Passim"])
        #expect(owner.text.contains("PID=\(next.process.identifier)\n"), "\(owner.text)")
        #expect(daemon.isRunning)
        inner.kill(SIGCONT)
        #expect(try daemon.process.wait(seconds: 60) == .exit(0))
        #expect(try next.process.terminate() == .exit(0))
        _ = outer
    }

    @Test(.enabled(if: hasFUSE, "needs root, FUSE and bindfs(1)"))
    func fileSystemThatHangsIsATroubleUntilItAnswers() throws {
        let daemon = try site.start()
        let server = try serve(daemon)
        try hang(server, under: daemon)
        defer { server.kill(SIGCONT) }
        // It is to be walked.
        try tree.write("etc/passim.d/mirror.conf", "[passim]\nPath=\(tree.absolute("mirror"))\nExclude=x\n")
        let words = "\(tree.absolute("mirror")) cannot be shared: the file system does not answer"
        func becomes(_ isTold: Bool) throws -> Bool {
            let end = ContinuousClock.now + .seconds(60)
            while try daemon.get("/readyz").text.contains(words) != isTold {
                if ContinuousClock.now > end { return false }
                usleep(50_000)
            }
            return true
        }
        #expect(try becomes(true))
        let page = try daemon.get("/").text
        #expect(
            page.contains("\(tree.absolute("mirror")) cannot be shared") && page.contains("does not answer"))
        let sample =
            "passim_trouble{severity=\"error\",kind=\"directory\",subject=\"\(tree.absolute("mirror"))\"} 1\n"
        #expect(try daemon.get("/metrics").text.contains(sample))
        server.kill(SIGCONT)
        #expect(try becomes(false))
        #expect(try daemon.process.terminate() == .exit(0))
    }

    /// It must pay where nothing is broken, too.
    @Test(.enabled(if: hasFUSE, "needs root, FUSE and bindfs(1)"))
    func slowDiskHoldsUpNobodyElse() throws {
        try tree.truncate("source/large", to: 0)
        let contents = (0..<8 as Range<UInt8>).map { [UInt8](repeating: $0, count: 4 << 20) }
        for (number, content) in contents.enumerated() { try tree.write("source/cold-\(number)", content) }
        let daemon = try site.start()
        let server = try serve(daemon, from: "source", "--read-rate=8M")
        for content in contents { try daemon.waitForStatus(200, of: Digest(of: content), seconds: 120) }
        // What the kernel has of them is given up.
        try daemon.runAmongItsMounts(
            "sh", "-c",
            "for f in '\(tree.absolute("mirror"))'/cold-*; do dd if=\"$f\" iflag=nocache count=0 2>/dev/null; done"
        )
        let running = Monitor((left: contents.count, wrong: 0))
        let threads = try contents.map { content in
            try SystemThread(name: "cold") {
                let body = try? daemon.fetch(Digest(of: content)).body
                running.withLock { running in
                    running.left -= 1
                    if body != content { running.wrong += 1 }
                }
            }
        }
        let seconds = try latencies(daemon, Digest(of: "on another disk")) {
            running.withLock { $0.left == 0 }
        }
        for thread in threads { thread.join() }
        #expect(running.withLock { $0.wrong } == 0)
        let slowest = seconds[seconds.count * 99 / 100]
        #expect(slowest < 2, "\(seconds.suffix(5))")
        #expect(try daemon.process.terminate() == .exit(0))
        _ = server
        print(
            "limits: beside 8 cold downloads: \(seconds.count) others' requests p50 \(seconds[seconds.count / 2]), p99 \(slowest) s"
        )
    }

    /// What is open keeps umount(8) from going through: two requests a second must leave room for it.
    @Test(.enabled(if: hasFUSE, "needs root, FUSE and bindfs(1)"))
    func diskIsUnmountedUnderLightTraffic() throws {
        let daemon = try site.start()
        let server = try serve(daemon)
        let traffic = Monitor((answers: 0, isOver: false))
        let thread = try SystemThread(name: "traffic") {
            while !traffic.withLock({ $0.isOver }) {
                let status = try? daemon.fetch(HangingDiskTests.digests[3]).status
                if status == 200 { traffic.withLock { $0.answers += 1 } }
                usleep(500_000)
            }
        }
        defer {
            traffic.withLock { $0.isOver = true }
            thread.join()
        }
        #expect(traffic.wait(seconds: 60) { $0.answers >= 4 ? true : nil } == true)
        let begin = ContinuousClock.now
        var isUnmounted = false
        while !isUnmounted, ContinuousClock.now < begin + .seconds(20) {
            isUnmounted = (try? daemon.runAmongItsMounts("umount", tree.absolute("mirror"))) != nil
            if !isUnmounted { usleep(20_000) }
        }
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        #expect(isUnmounted && seconds < 2.5, "\(seconds) s")
        _ = server
        print("limits: unmounted \(seconds) s after the last request")
    }
}
