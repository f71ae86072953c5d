internal import Glibc
internal import PassimCore
internal import PassimSystem
internal import PassimTestKit

/// How soon what happens below the directory shows.
struct MillionChanges {
    let tree: MillionTree
    let daemon: DaemonProcess

    private static let changes = 20

    func measure(_ add: (_ what: String, _ unit: String, _ value: Double, _ limit: Double?) -> Void) throws {
        let added = "\(tree.path)/added"
        try makeDirectories(added, mode: 0o755)
        defer { _ = try? Command.run(["rm", "-rf", "--", added]) }
        let connection = try daemon.connect()
        var came: [Double] = []
        var went: [Double] = []
        for number in 0..<MillionChanges.changes {
            let content = "added \(number) to \(tree.count)\n"
            try write(content, "\(added)/\(number)")
            came.append(try wait(connection, until: 200, Digest(of: content)))
            unlink("\(added)/\(number)")
            went.append(try wait(connection, until: 404, Digest(of: content)))
        }
        add("file added, to its first GET, the longest", "ms", came.max()!, 1000)
        add("file removed, to its first 404, the longest", "ms", went.max()!, 1000)
        add("rescan after an overflow", "s", try overflow(added), nil)
    }

    private func write(_ content: String, _ path: String) throws {
        let file = try Descriptor.open(path, [.writeOnly, .create, .truncate], mode: 0o644)
        try file.writeAll(Array(content.utf8))
    }

    /// - Returns: milliseconds.
    private func wait(_ connection: HTTPExchange, until status: Int, _ digest: Digest) throws -> Double {
        let start = monotonicNanoseconds()
        while try connection.request("GET", "/file?sha256=\(digest.hex)").status != status {
            guard monotonicNanoseconds() < start + 60_000_000_000 else {
                throw TestFailure("a change did not show within 60 s")
            }
        }
        return Double(monotonicNanoseconds() - start) / 1e6
    }

    /// More happens than the kernel's queue takes, while the daemon cannot read it.
    ///
    /// - Returns: seconds until all has been compared with what was known.
    private func overflow(_ directory: String) throws -> Double {
        let text = try Descriptor.open("/proc/sys/fs/inotify/max_queued_events", .readOnly).readAll(limit: 64)
        let digits = (text ?? []).prefix { (0x30...0x39).contains($0) }
        guard let limit = Int(String(decoding: digits, as: UTF8.self)) else {
            throw TestFailure("no fs.inotify.max_queued_events")
        }
        daemon.process.kill(SIGSTOP)
        defer { daemon.process.kill(SIGCONT) }
        // Two events each, at least.
        for _ in 0...limit / 2 {
            try write("", "\(directory)/passing")
            unlink("\(directory)/passing")
        }
        let content = "missed in \(tree.count)\n"
        try write(content, "\(directory)/missed")
        // Old, or the scan would wait until nobody can be writing it any more.
        var times = [timespec](repeating: timespec(tv_sec: 1_600_000_000, tv_nsec: 0), count: 2)
        guard utimensat(AT_FDCWD, "\(directory)/missed", &times, 0) == 0 else {
            throw TestFailure("utimensat: errno \(errno)")
        }
        let lines = daemon.log.split(separator: "\n", omittingEmptySubsequences: false).count - 1
        let start = monotonicNanoseconds()
        daemon.process.kill(SIGCONT)
        let (_, next) = try daemon.process.waitForLine(
            containing: "Events were lost, as too much changed at once", from: lines, seconds: 60)
        try daemon.process.waitForLine(containing: "Scanned", from: next, seconds: 3600)
        let seconds = Double(monotonicNanoseconds() - start) / 1e9
        guard try daemon.fetch(Digest(of: content)).status == 200 else {
            throw TestFailure("what was missed was not found by the rescan")
        }
        return seconds
    }
}
