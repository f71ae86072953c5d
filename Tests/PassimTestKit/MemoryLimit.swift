internal import Glibc

/// A control group with little memory, for as long as the value lives (cgroups(7), version 1 or 2; needs root).
package final class MemoryLimit: Sendable {
    private let path: String
    private let isFirstVersion: Bool

    package static let isPossible: Bool = (try? MemoryLimit(mebibytes: 64)) != nil

    package init(mebibytes: Int) throws {
        let first = "/sys/fs/cgroup/memory"
        isFirstVersion = access(first + "/cgroup.procs", W_OK) == 0
        path =
            (isFirstVersion ? first : "/sys/fs/cgroup")
            + "/passim-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let bytes = mebibytes << 20
        let script =
            isFirstVersion
            ? "mkdir $0 && echo \(bytes) >$0/memory.limit_in_bytes"
            : "mkdir $0 && echo \(bytes) >$0/memory.max && echo 0 >$0/memory.swap.max"
        do {
            try Command.succeed(["sh", "-e", "-c", script, path])
        } catch {
            rmdir(path)
            throw error
        }
    }

    deinit {
        // Busy until the last process in it has been waited for.
        for _ in 0..<200 where rmdir(path) != 0 && errno == EBUSY { usleep(10_000) }
    }

    /// For `DaemonSite.start(after:)`: what is started then is in it.
    package var script: String { "echo $$ >\(path)/cgroup.procs" }

    /// The most bytes that were in use at any time.
    package func peak() throws -> Int {
        let name = isFirstVersion ? "memory.max_usage_in_bytes" : "memory.peak"
        return Int(try Command.succeed(["cat", "\(path)/\(name)"]).text.filter(\.isNumber)) ?? 0
    }

    /// How many processes were killed for want of memory.
    package func kills() throws -> Int {
        let name = isFirstVersion ? "memory.oom_control" : "memory.events"
        let text = try Command.succeed(["cat", "\(path)/\(name)"]).text
        let line = text.split(separator: "\n").first { $0.hasPrefix("oom_kill ") }
        return line.flatMap { Int($0.dropFirst("oom_kill ".count)) } ?? 0
    }
}
