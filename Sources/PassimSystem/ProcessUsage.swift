internal import CLinux
internal import Glibc

/// This process's use of the machine; nil if the kernel does not say.
package struct ProcessUsage: Sendable {
    /// Seconds of processor time, of its own and of the kernel for it (getrusage(2)).
    package var processorSeconds: Double?
    /// Bytes, from /proc/self/statm.
    package var residentBytes: UInt64?
    package var virtualBytes: UInt64?
    /// Open descriptors, but those that were needed to count them.
    package var openDescriptors: Int?
    /// How many there may be (RLIMIT_NOFILE).
    package var mostDescriptors: UInt64?

    package static var now: ProcessUsage {
        var usage = ProcessUsage()
        var times = rusage()
        if getrusage(RUSAGE_SELF.rawValue, &times) == 0 {
            usage.processorSeconds = seconds(times.ru_utime) + seconds(times.ru_stime)
        }
        if let pages = memoryPages(), pages.count > 1 {
            let size = UInt64(max(0, sysconf(CInt(_SC_PAGESIZE))))
            (usage.virtualBytes, usage.residentBytes) = (pages[0] * size, pages[1] * size)
        }
        usage.openDescriptors = countDescriptors()
        var limit = rlimit()
        if getrlimit(CInt(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            usage.mostDescriptors = UInt64(limit.rlim_cur)
        }
        return usage
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000
    }

    /// Total program size, resident set, and more (proc(5)).
    private static func memoryPages() -> [UInt64]? {
        do throws(SystemError) {
            let file = try Descriptor.open("/proc/self/statm", .readOnly)
            guard let text = try file.readAll(limit: 4096) else { return nil }
            return text.split(separator: 0x20).compactMap { UInt64(String(decoding: $0, as: UTF8.self)) }
        } catch {
            return nil
        }
    }

    private static func countDescriptors() -> Int? {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32768, alignment: 8)
        defer { buffer.deallocate() }
        var count = 0
        do throws(SystemError) {
            let directory = try Descriptor.open("/proc/self/fd", [.readOnly, .directory])
            try directory.forEachName(buffer: buffer) { (_, _) throws(SystemError) in count += 1 }
        } catch {
            return nil
        }
        return count - 1
    }
}
