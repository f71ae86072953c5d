import Glibc
import PassimCore
import PassimTestKit
import Testing

/// The real daemon while its system calls fail, in the middle of changes, downloads and publishing: nothing wrong is
/// sent, nothing ends, the log stays readable, and afterwards all is as if nothing had been.
///
/// PASSIM_LONG takes each call and each error on its own (`scripts/faults --long`); else all come together.
/// PASSIM_CALLS names some of them, PASSIM_SEED repeats a run.
@Suite(
    .enabled(
        if: PublisherSite.isPossible && FaultInjection.isPossible,
        "needs root, strace(1), and to be allowed to trace"),
    .timeLimit(.minutes(60)), .serialized)
struct InjectedFaultTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var faults: [FaultInjection.Fault]
        var testDescription: String { faults.map(\.description).joined(separator: "; ") }
    }

    /// What the daemon makes of files, connections and its own state, and how each may fail.
    private static let table: [(calls: [String], errors: [String])] = [
        (["openat", "openat2"], ["EIO", "EMFILE", "ENOMEM", "ESTALE", "EACCES"]),
        (["pread64"], ["EIO", "ESTALE", "EINTR"]),
        (["preadv2"], ["EIO", "EAGAIN", "EOPNOTSUPP"]),
        (["fstatfs"], ["EIO"]),
        (["getdents64"], ["EIO", "ESTALE"]),
        (["fgetxattr"], ["EIO", "ENOMEM", "EACCES"]),
        (["fsetxattr"], ["EIO", "ENOSPC", "EROFS"]),
        (["fstat", "newfstatat", "statx"], ["EIO", "ESTALE", "ENOMEM"]),
        (["write"], ["EIO", "ENOSPC", "EINTR"]),
        (["fsync", "fdatasync"], ["EIO", "ENOSPC"]),
        (["rename", "renameat", "renameat2"], ["EIO", "ENOSPC"]),
        (["accept4"], ["EMFILE", "ENOMEM", "ECONNABORTED", "EIO"]),
        (["epoll_wait", "epoll_pwait"], ["ENOMEM", "EINTR", "EIO"]),
        (["inotify_add_watch"], ["ENOSPC", "ENOMEM"]),
    ]

    private static let times: [FaultInjection.Fault.Time] = [.once(1), .once(3), .eachTenth]

    static let isLong = getenv("PASSIM_LONG") != nil

    /// Each call fails in its first way.
    static func together(_ time: FaultInjection.Fault.Time) -> Row {
        Row(faults: table.map { .init($0.calls, $0.errors[0], time) })
    }

    @Test(.enabled(if: !isLong)) func allCallsFailNowAndThen() async throws {
        try await expectSurvival(of: [
            InjectedFaultTests.together(.once(2)), InjectedFaultTests.together(.eachTenth),
        ])
    }

    /// Places in the table of what is to be taken.
    private static let chosen: [Int] = {
        guard let names = getenv("PASSIM_CALLS") else { return Array(table.indices) }
        let wanted = String(cString: names).split(separator: " ").map(String.init)
        return table.indices.filter { !Set(table[$0].calls).isDisjoint(with: wanted) }
    }()

    @Test(.enabled(if: isLong), arguments: chosen)
    func eachCallFailsInEachWay(number: Int) async throws {
        let (calls, errors) = InjectedFaultTests.table[number]
        try await expectSurvival(
            of: errors.flatMap { error in
                InjectedFaultTests.times.map { Row(faults: [.init(calls, error, $0)]) }
            })
    }

    // MARK: One daemon

    private func expectSurvival(of rows: [Row]) async throws {
        let seed = SeededGenerator().seed
        let site = try PublisherSite()
        let churn = try TreeChurn(site.site.tree, "mirror", seed: seed, files: 60...120)
        // The walks of its own accord after a failure come later than a test waits.
        try site.site.share("mirror", as: "mirror", "RescanInterval=1")
        let daemon = try site.start()
        try daemon.firstPass()
        for (number, row) in rows.enumerated() {
            try await expectSurvival(of: row, site, churn, daemon, "seed \(seed), row \(number)")
        }
        #expect(try daemon.process.terminate() == .exit(0), "seed \(seed)")
    }

    private func expectSurvival(
        of row: Row, _ site: PublisherSite, _ churn: TreeChurn, _ daemon: DaemonProcess, _ name: String
    ) async throws {
        let context: Comment = "\(name): \(row.testDescription)"
        let saidBefore = complaints(of: daemon).count
        let clients = try (0..<2).map { try DoubtingClient(daemon, churn.history, seed: $0, patient: true) }
        let messages = try steadyMessages(site)
        let injection = try FaultInjection(daemon, row.faults)
        var random = SeededGenerator(seed: churn.seed)
        var acknowledged: [String: Bool] = [:]
        for step in 0..<120 {
            try churn.step()
            usleep(UInt32.random(in: 0..<8000, using: &random))
            // A client that is new.
            if step % 2 == 0 { _ = try? daemon.get("/healthz") }
            if step % 40 == 0 {
                let content = "published \(name) \(step)\n"
                acknowledged[content] = try await site.publish(content, as: "item \(step)").error == nil
            }
        }
        let injected = try injection.stop()
        messages.kill(SIGTERM)
        _ = try messages.wait()
        try churn.settle()
        let counts: DoubtingClient.Counts
        do {
            counts = try clients.reduce(DoubtingClient.Counts()) { try $0 + $1.stop() }
        } catch {
            throw TestFailure("\(context): \(error)")
        }
        try #require(daemon.isRunning, "\(context): \(daemon.log.suffix(2000))")
        try await expectPublished(acknowledged, site, daemon, context)
        do {
            try daemon.expectSame(as: daemon.freshScan(), vanished: churn.history.all.suffix(500), within: 60)
        } catch let error as Disagreement {
            let names = error.paths.map { "\($0.basename)" }
            let steps = churn.journal.filter { line in names.contains { line.contains($0) } }
            Issue.record("\(context): \(error); \(steps.suffix(30).joined(separator: "\n"))")
        }
        let said = complaints(of: daemon).count - saidBefore
        let count = injected.values.reduce(0, +)
        // Whatever fails and how often: what an operator reads is some lines.
        #expect(said <= 40, "\(context): \(complaints(of: daemon).joined(separator: "\n"))")
        print(
            "faults: \(row.testDescription): \(count) injected",
            row.faults.count > 1 ? "\(injected.sorted { $0.key < $1.key })" : "",
            "\(counts.complete) right, \(counts.unknown) unknown, \(counts.cutOff) cut off, \(counts.refused) refused,",
            "0 wrong, \(said) lines")
    }

    /// GLib sleeps on where its write(2) to an eventfd fails, from whichever thread, which no kernel has it do: a message
    /// later it is awake.
    private func steadyMessages(_ site: PublisherSite) throws -> ChildProcess {
        let script = """
            while sleep 2; do
                timeout 2 gdbus call --system --dest org.freedesktop.Passim --object-path / \\
                    --method org.freedesktop.DBus.Properties.GetAll org.freedesktop.Passim >/dev/null 2>&1
            done
            """
        var setting = ChildProcess.Setting()
        setting.environment = site.bus.environment
        return try ChildProcess(["sh", "-c", script], setting)
    }

    /// Lines that an operator acts on.
    private func complaints(of daemon: DaemonProcess) -> [Substring] {
        daemon.log.split(separator: "\n").filter { line in
            ["warning", "error", "critical"].contains { line.contains(" \($0): ") }
        }
    }

    /// What was acknowledged is whole, what was refused has left nothing; then all of it is taken back.
    private func expectPublished(
        _ answers: [String: Bool], _ site: PublisherSite, _ daemon: DaemonProcess, _ context: Comment
    ) async throws {
        let listed = Set(try await site.items().compactMap { $0["hash"] })
        for (content, isAcknowledged) in answers {
            let digest = Digest(of: content)
            if isAcknowledged {
                // Looked at again where it could not be read.
                try daemon.waitForStatus(200, of: digest, seconds: 30)
                #expect(try daemon.fetch(digest).text == content, context)
            } else {
                #expect(!listed.contains(digest.hex), context)
                #expect(try daemon.fetch(digest).status == 404, context)
            }
        }
        for content in answers.keys {
            let digest = Digest(of: content)
            if try daemon.fetch(digest).status == 200 {
                #expect(try await site.unpublish(digest.hex) == nil, context)
            }
        }
        let stored = try site.stored()
        #expect(try await becomesTrue(within: 30) { try site.stored().isEmpty }, "\(context): \(stored)")
    }
}
