internal import Glibc
internal import PassimCore
internal import PassimSystem

/// A program that a test runs: what it says is collected by threads, and it does not outlive its owner.
package final class ChildProcess: Sendable {
    package struct Setting: Sendable {
        /// Added to this process's environment; nil removes.
        package var environment: [String: String?] = [:]
        /// Run as this user, without groups (needs root).
        package var user: UInt32?
        /// Run in this network namespace (needs root).
        package var namespace: String?
        /// Run where its mounts, and those made by `DaemonProcess.mount`, are nobody else's and end with it
        /// (mount_namespaces(7); needs root).
        package var ownMounts = false
        /// Run in a user namespace, whose limits below /proc/sys/user it may set (user_namespaces(7)).
        package var ownLimits = false
        package var workingDirectory: String?

        package init() {}
    }

    package enum End: Equatable, Sendable {
        case exit(Int32)
        case signal(Int32)
    }

    private struct State {
        var output: [UInt8] = []
        var errors: [UInt8] = []
        var openPipes = 2
        /// Nobody reads what it writes to standard error.
        var isStalled = false
        var end: End?
        /// waitpid(2) has not given the number back yet, so it may be signalled.
        var reaped = false
    }

    package let identifier: Int32
    private let arguments: [String]
    private let monitor: Monitor<State>
    private let threads: [SystemThread]

    /// - Parameter arguments: the program, looked up in PATH, and its arguments.
    package init(_ arguments: [String], _ setting: Setting = Setting()) throws {
        let arguments = ChildProcess.prefixed(arguments, setting)
        let spawned = try Spawning.spawn(arguments, setting)
        let monitor = Monitor(State())
        self.arguments = arguments
        self.monitor = monitor
        identifier = spawned.identifier
        let pid = spawned.identifier
        Leavings.add(process: pid)
        threads = [
            try ChildProcess.reader(spawned.output, monitor) { $0.output.append(contentsOf: $1) },
            try ChildProcess.reader(spawned.errors, monitor, canStall: true) {
                $0.errors.append(contentsOf: $1)
            },
            try SystemThread(name: "reaper") {
                // WNOWAIT: the number stays taken until nobody can signal it any more.
                var information = siginfo_t()
                while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) == -1, errno == EINTR {}
                monitor.withLock { state in
                    Leavings.forget(process: pid)
                    var status: Int32 = 0
                    waitpid(pid, &status, 0)
                    state.reaped = true
                    // The macros of wait(2).
                    state.end = status & 0x7F == 0 ? .exit(status >> 8 & 0xFF) : .signal(status & 0x7F)
                }
            },
        ]
    }

    deinit {
        // Then the pipes end too, unless a grandchild has them.
        stallErrors(false)
        if end == nil { kill(SIGKILL) }
        for thread in threads { thread.join() }
    }

    private static func prefixed(_ arguments: [String], _ setting: Setting) -> [String] {
        var prefix: [String] = []
        if let namespace = setting.namespace { prefix += ["ip", "netns", "exec", namespace] }
        if setting.ownMounts { prefix += ["unshare", "--mount", "--propagation", "private"] }
        if setting.ownLimits { prefix += ["unshare", "--user", "--map-root-user"] }
        if let directory = setting.workingDirectory { prefix += ["env", "-C", directory] }
        if let user = setting.user {
            prefix += ["setpriv", "--reuid", "\(user)", "--regid", "\(user)", "--clear-groups", "--"]
        }
        return prefix + arguments
    }

    private static func reader(
        _ pipe: Int32, _ monitor: Monitor<State>, canStall: Bool = false,
        _ take: @escaping @Sendable (inout State, ArraySlice<UInt8>) -> Void
    ) throws -> SystemThread {
        try SystemThread(name: "pipe reader") {
            var chunk = [UInt8](repeating: 0, count: 65536)
            while true {
                if canStall, monitor.withLock({ $0.isStalled }) {
                    // The least that the kernel gives (F_SETPIPE_SZ, fcntl(2)): it is full soon.
                    _ = fcntl(pipe, 1031, 4096)
                    while monitor.wait(seconds: 3600, until: { $0.isStalled ? nil : true }) == nil {}
                }
                let count = read(pipe, &chunk, chunk.count)
                if count == -1, errno == EINTR { continue }
                if count <= 0 { break }
                monitor.withLock { take(&$0, chunk[..<count]) }
            }
            close(pipe)
            monitor.withLock { $0.openPipes -= 1 }
        }
    }

    /// From /proc/PID/status: a line's number, `VmRSS` (KiB) say.
    package func status(_ name: String) throws -> Int {
        let text = try Command.succeed(["cat", "/proc/\(identifier)/status"]).text
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name + ":") }),
            let number = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first
                .flatMap({ Int($0) })
        else { throw TestFailure("no \(name) of process \(identifier)") }
        return number
    }

    package func kill(_ signal: Int32) {
        monitor.withLock { state in
            if !state.reaped { _ = Glibc.kill(identifier, signal) }
        }
    }

    /// How it ended; nil while it runs.
    package var end: End? { monitor.withLock { $0.end } }

    package var output: [UInt8] { monitor.withLock { $0.output } }

    package var errors: [UInt8] { monitor.withLock { $0.errors } }

    package var errorText: String { String(decoding: errors, as: UTF8.self) }

    /// Leaves what it writes to standard error in the pipe, which takes 4 KiB, or reads on. What is read at that moment
    /// is read to its end.
    package func stallErrors(_ isStalled: Bool) {
        monitor.withLock { $0.isStalled = isStalled }
    }

    /// Waits until it has ended and everything that it said is here.
    package func wait(seconds: Double = 60) throws -> End {
        let end = monitor.wait(seconds: seconds) { state in state.openPipes == 0 ? state.end : nil }
        guard let end else { throw failure("did not end within \(seconds) s") }
        return end
    }

    /// Asks it to end (SIGTERM) and waits for that; killed after `seconds`.
    @discardableResult
    package func terminate(seconds: Double = 15) throws -> End {
        kill(SIGTERM)
        do {
            return try wait(seconds: seconds)
        } catch {
            kill(SIGKILL)
            throw error
        }
    }

    /// Waits for a complete line of standard error that `matches`.
    ///
    /// - Parameter from: lines before this one are not looked at.
    /// - Returns: the line and the number of the one after it.
    @discardableResult
    package func waitForLine(
        from: Int = 0, seconds: Double = 30, where matches: (String) -> Bool
    ) throws -> (line: String, next: Int) {
        enum Found {
            case line(String, Int)
            case ended
        }
        // What was looked at already is not looked at again.
        var position = 0
        var number = 0
        let found: Found? = monitor.wait(seconds: seconds) { state in
            while let newline = state.errors[position...].firstIndex(of: 0x0A) {
                let line = String(decoding: state.errors[position..<newline], as: UTF8.self)
                position = newline + 1
                number += 1
                if number > from, matches(line) { return .line(line, number) }
            }
            return state.openPipes == 0 ? .ended : nil
        }
        switch found {
        case .line(let line, let next): return (line, next)
        case .ended: throw failure("ended (\(String(describing: end))) without the expected line")
        case nil: throw failure("did not print the expected line within \(seconds) s")
        }
    }

    @discardableResult
    package func waitForLine(
        containing text: String, from: Int = 0, seconds: Double = 30
    ) throws -> (line: String, next: Int) {
        do {
            return try waitForLine(from: from, seconds: seconds) { $0.contains(text) }
        } catch let failure as TestFailure {
            throw TestFailure("waiting for “\(text)”: \(failure)")
        }
    }

    private func failure(_ what: String) -> TestFailure {
        TestFailure("\(arguments.joined(separator: " ")) \(what); it said: \(errorText.suffix(4000))")
    }
}
