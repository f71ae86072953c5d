internal import Glibc

/// System calls of a running daemon that fail though nothing is wrong: strace(1), attached to its threads that have a
/// name of their own when it begins.
///
/// The others are libdispatch's, which ends the process where it cannot read /proc/TID/stat. No kernel refuses that but
/// for want of descriptors, of which the daemon keeps some for it.
package final class FaultInjection: Sendable {
    /// Which calls fail, how, and when.
    package struct Fault: Sendable, CustomStringConvertible {
        /// As the kernel names them; those that this machine's kernel does not have are passed over.
        package var calls: [String]
        /// `EIO`, say.
        package var error: String
        package var time: Time

        package enum Time: Sendable {
            /// Each thread's use with this number, and no other.
            case once(Int)
            /// Each thread's first use, and each tenth after it.
            case eachTenth
        }

        package init(_ calls: [String], _ error: String, _ time: Time) {
            self.calls = calls
            self.error = error
            self.time = time
        }

        package var description: String {
            let when =
                switch time {
                case .once(let number): "once (number \(number))"
                case .eachTenth: "each tenth time"
                }
            return "\(calls.joined(separator: ", ")): \(error) \(when)"
        }

        fileprivate var set: String { calls.map { "?\($0)" }.joined(separator: ",") }

        fileprivate var expression: String {
            switch time {
            case .once(let number): "inject=\(set):error=\(error):when=\(number)"
            case .eachTenth: "inject=\(set):error=\(error):when=1+10"
            }
        }
    }

    private let tracer: ChildProcess
    private let record: TemporaryTree

    /// Whether strace(1) is here and processes may be traced.
    package static let isPossible: Bool =
        (try? Command.run(["strace", "-e", "trace=none", "true"]))?.succeeded ?? false

    /// Returns when calls begin to fail.
    package init(_ daemon: DaemonProcess, _ faults: [Fault]) throws {
        record = try TemporaryTree()
        let sets = faults.map(\.set).joined(separator: ",")
        let options =
            ["-o", record.absolute("calls"), "-e", "trace=\(sets)", "-e", "signal=none"]
            + faults.flatMap { ["-e", $0.expression] }
        var attached: ChildProcess?
        for attempt in 1...20 where attached == nil {
            let threads = try FaultInjection.ownThreads(of: daemon)
            // With -f all threads of the process would be attached to, whichever are named.
            let started = try ChildProcess(["strace"] + threads.flatMap { ["-p", $0] } + options)
            do {
                for thread in threads { try started.waitForLine(containing: "Process \(thread) attached") }
                attached = started
            } catch {
                // One of them has ended meanwhile.
                if attempt == 20 { throw error }
                started.kill(SIGINT)
                _ = try started.wait()
            }
        }
        // The last attempt has thrown.
        tracer = attached!
    }

    /// The first thread of each name but that of the process: one that has no name of its own has that of the thread that
    /// started it.
    private static func ownThreads(of daemon: DaemonProcess) throws -> [String] {
        let script = """
            cd /proc/$0/task
            for thread in $(ls | sort -n); do
                echo $thread $(cat $thread/comm 2>/dev/null)
            done
            """
        let listed = try Command.succeed(["sh", "-c", script, "\(daemon.process.identifier)"]).text
        var names: Set<Substring> = []
        return listed.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: " ", maxSplits: 1)
            // libdispatch's: `-qos.overcommit`, `oot.default-qos`.
            guard parts.count == 2, !parts[1].contains("qos"), names.insert(parts[1]).inserted else {
                return nil
            }
            return parts[0] == "\(daemon.process.identifier)" ? nil : String(parts[0])
        }
    }

    /// From here on calls do what they should.
    ///
    /// - Returns: how many failed, by call and error: `openat EIO`.
    package func stop() throws -> [String: Int] {
        // It lets go of the process, and ends by the same signal.
        tracer.kill(SIGINT)
        _ = try tracer.wait()
        var counts: [String: Int] = [:]
        for line in String(decoding: try record.read("calls"), as: UTF8.self).split(separator: "\n") {
            guard line.hasSuffix("(INJECTED)") else { continue }
            // `PID NAME(…) = -1 ERROR (…) (INJECTED)`, or `PID <... NAME resumed>…`.
            let words = line.split(separator: " ")
            let name = words[1] == "<..." ? words[2] : words[1].prefix { $0 != "(" }
            let error = words.firstIndex(of: "=").map { words[$0 + 2] } ?? "?"
            counts["\(name) \(error)", default: 0] += 1
        }
        return counts
    }
}
