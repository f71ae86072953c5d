internal import Glibc
internal import PassimSystem
internal import PassimTestKit

/// What the kernel has counted of a server's processes.
///
/// CPU time is the process's CPU clock: nanoseconds, user and system, of all threads there are and were
/// (utime and stime of proc(5) are ticks of 10 ms).
struct ProcessCounters: Sendable {
    /// A server's first process and its children.
    let processes: [Int32]
    private let clocks: [clockid_t]

    /// - Parameter root: runs, and has started the children that it will have.
    init(root: Int32) throws {
        let children = try ProcessCounters.file("/proc/\(root)/task/\(root)/children")
        processes = [root] + children.split { $0 == " " || $0 == "\n" }.compactMap { Int32($0) }
        clocks = try processes.map { process in
            var clock = clockid_t()
            guard clock_getcpuclockid(process, &clock) == 0 else {
                throw TestFailure("process \(process) has no CPU clock: has the server ended?")
            }
            return clock
        }
    }

    /// Nanoseconds.
    var processorTime: UInt64 {
        clocks.reduce(0) { sum, clock in
            var time = timespec()
            clock_gettime(clock, &time)
            return sum + UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
        }
    }

    /// Nanoseconds that `body` cost the server.
    func processorTime(of body: () throws -> Void) rethrows -> Double {
        let before = processorTime
        try body()
        return Double(processorTime - before)
    }

    /// Bytes of resident memory now. What processes share counts once for each.
    func residentBytes() throws -> Double { try sum("VmRSS:") }

    /// The most since `forgetPeak`.
    func peakResidentBytes() throws -> Double { try sum("VmHWM:") }

    /// Writes 5 to clear_refs (proc(5)).
    func forgetPeak() throws {
        for process in processes {
            let file = try Descriptor.open("/proc/\(process)/clear_refs", .writeOnly)
            try file.writeAll(Array("5".utf8))
        }
    }

    /// Open descriptors.
    func descriptors() throws -> Int {
        try processes.reduce(0) { sum, process in
            let directory = try Descriptor.open("/proc/\(process)/fd", [.readOnly, .directory])
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32768, alignment: 8)
            defer { buffer.deallocate() }
            var count = 0
            try directory.forEachName(buffer: buffer) { (_, _) throws(SystemError) in count += 1 }
            return sum + count
        }
    }

    private func sum(_ field: String) throws -> Double {
        try processes.reduce(0) { sum, process in
            let status = try ProcessCounters.file("/proc/\(process)/status")
            guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(field) }),
                let kibibytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first
                    .flatMap({ Double($0) })
            else { throw TestFailure("/proc/\(process)/status has no \(field)") }
            return sum + kibibytes * 1024
        }
    }

    private static func file(_ path: String) throws -> String {
        String(decoding: try Descriptor.open(path, .readOnly).readAll(limit: 1 << 20) ?? [], as: UTF8.self)
    }
}
