internal import Glibc
internal import PassimBus
internal import PassimCore

/// Tells a daemon that runs what root has hashed, so that it need not read those files. For one thread.
final class VoucherSender {
    /// How many files it has been told of.
    private(set) var count = 0
    /// Why it could not be told; nil where it was, or where nobody is there who would have to be told.
    private(set) var problem: String?
    private let client: BusClient?
    private var waiting: [Voucher] = []

    init() {
        client = geteuid() == 0 ? try? BusClient(seconds: 5) : nil
    }

    func add(_ voucher: Voucher) {
        if client != nil, problem == nil { waiting.append(voucher) }
    }

    /// Tells what has been added. Waits five seconds for the daemon at most, and gives up then.
    func flush() {
        guard let client, problem == nil, !waiting.isEmpty else { return }
        defer { waiting = [] }
        do throws(BusError) {
            try client.vouch(waiting)
            count += waiting.count
        } catch {
            switch error {
            // Whatever is started later believes the stamps.
            case .noDaemon, .noMirrorInterface: break
            case .noBus, .accessDenied, .timedOut, .remote: problem = "\(error)"
            }
        }
    }
}
