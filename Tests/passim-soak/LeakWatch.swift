internal import Glibc
internal import PassimSystem
internal import PassimTestKit

/// Whether a daemon grows. What it holds in its first minutes is what it needs; after them it may not hold much more.
final class LeakWatch {
    let name: String
    private let daemon: DaemonProcess
    /// Memory tells nothing in a short run: allocators and caches are not full yet.
    private let watchesMemory: Bool
    private(set) var first = ResourceUsage()
    /// The most of the first minutes.
    private(set) var needed = ResourceUsage()
    private(set) var peak = ResourceUsage()
    private(set) var last = ResourceUsage()
    private var checks = 0

    init(_ name: String, _ daemon: DaemonProcess, watchesMemory: Bool) {
        self.name = name
        self.daemon = daemon
        self.watchesMemory = watchesMemory
    }

    /// Looks at it while nobody is connected.
    ///
    /// - Parameter isEarly: whether it may still grow.
    /// - Returns: what was wrong; nil where nothing was.
    func check(isEarly: Bool) throws -> String? {
        // Files are closed some seconds after their last use.
        let end = monotonicNanoseconds() + 20_000_000_000
        let isEarly = isEarly || checks == 0
        last = try ResourceUsage(of: daemon)
        while !isEarly, excess(last) != nil, monotonicNanoseconds() < end {
            usleep(500_000)
            last = try ResourceUsage(of: daemon)
        }
        if checks == 0 { first = last }
        checks += 1
        peak = peak.most(last)
        if isEarly {
            needed = needed.most(last)
            return nil
        }
        return excess(last)
    }

    private func excess(_ usage: ResourceUsage) -> String? {
        // Threads of pools and descriptors of files that are kept open for a while come and go.
        var growth = [
            ("descriptors", usage.descriptors, needed.descriptors + 16),
            ("threads", usage.threads, needed.threads + 4),
        ]
        if watchesMemory {
            growth.append(("KiB", usage.kibibytes, needed.kibibytes + needed.kibibytes / 4 + 8192))
        }
        let over = growth.filter { $0.1 > $0.2 }
        guard !over.isEmpty else { return nil }
        let text = over.map { "\($0.1) \($0.0), which is more than \($0.2)" }.joined(separator: "; ")
        return "\(name) holds \(text)"
    }
}
