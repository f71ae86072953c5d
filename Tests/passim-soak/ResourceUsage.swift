internal import PassimTestKit

/// What a daemon holds of the machine.
struct ResourceUsage: Sendable {
    var kibibytes = 0
    var descriptors = 0
    var threads = 0

    init() {}

    init(of daemon: DaemonProcess) throws {
        kibibytes = try daemon.status("VmRSS")
        threads = try daemon.status("Threads")
        descriptors = try daemon.openDescriptors
    }

    var text: String {
        "\(ResourceUsage.mebibytes(kibibytes)) MiB, \(descriptors) descriptors, \(threads) threads"
    }

    static func mebibytes(_ kibibytes: Int) -> String {
        let tenths = kibibytes * 10 / 1024
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// The most of both, each by itself.
    func most(_ other: ResourceUsage) -> ResourceUsage {
        var most = self
        most.kibibytes = max(kibibytes, other.kibibytes)
        most.descriptors = max(descriptors, other.descriptors)
        most.threads = max(threads, other.threads)
        return most
    }
}
