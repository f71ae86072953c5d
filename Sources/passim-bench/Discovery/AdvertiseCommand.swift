internal import ArgumentParser
internal import Glibc
internal import Logging
internal import PassimCore
internal import PassimDiscovery
internal import PassimSystem
internal import PassimTestKit

/// `passim-bench discovery advertise`: an advertiser alone, for tests and benchmarks to run on a host of a LAN.
///
/// It obeys signals: SIGUSR1, the next digest appears; SIGUSR2, the oldest vanishes; SIGHUP, the connection comes
/// to be metered, or is not any more; SIGTERM, stop. How it goes is on standard error.
struct AdvertiseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "advertise", abstract: "Advertises digests until SIGTERM.", shouldDisplay: false)

    @Argument(help: "Digests that there are at the start: those of 1, 2, 3 and so on.")
    var count: Int

    @Option(help: "The port that is told.")
    var port: UInt16 = 27500

    @Option(help: "At most so many are advertised.")
    var limit = Advertiser.defaultLimit

    @Flag(help: "Over IPv6, too.")
    var ipv6 = false

    func run() throws {
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGUSR1, SIGUSR2, SIGHUP, SIGINT, SIGTERM] { sigaddset(&signals, signal) }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        var logger = Logger(label: "advertise") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .debug
        let count = count
        let advertiser = try Advertiser(port: port, ipv6: ipv6, limit: limit, logger: logger) { limit in
            let newest = (1...max(1, count)).suffix(limit).reversed().map { Digest(numbered: $0) }
            return (count == 0 ? [] : newest, count)
        }
        try advertiser.start()
        obey(signals, advertiser)
        advertiser.stop()
        say("stopped")
    }

    private func obey(_ signals: sigset_t, _ advertiser: Advertiser) {
        var signals = signals
        var oldest = 1
        var newest = count
        var isPaused = false
        var told: AdvertiserStatus?
        while true {
            let status = advertiser.status
            if status != told { tell(status) }
            told = status
            // Between two looks at the status.
            var time = timespec(tv_sec: 0, tv_nsec: 10_000_000)
            switch sigtimedwait(&signals, nil, &time) {
            case SIGUSR1:
                newest += 1
                advertiser.apply(appeared: [Digest(numbered: newest)], vanished: [])
            case SIGUSR2:
                advertiser.apply(appeared: [], vanished: [Digest(numbered: oldest)])
                oldest += 1
            case SIGHUP:
                isPaused.toggle()
                advertiser.setPaused(isPaused)
            case SIGINT, SIGTERM: return
            default: break
            }
        }
    }

    private func tell(_ status: AdvertiserStatus) {
        let state =
            switch status.state {
            case .stopped: "stopped"
            case .paused: "paused"
            case .waiting: "waiting"
            case .registering: "registering"
            case .advertising: "advertising"
            }
        say(
            "status \(state) \(status.serviceName) wanted \(status.wanted) registered \(status.registered)"
                + " left out \(status.leftOut).")
    }

    private func say(_ line: String) {
        _ = Array("\(line)\n".utf8).withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }
}

extension Digest {
    /// One that tests and benchmarks know without telling each other.
    init(numbered number: Int) {
        self.init(of: "digest \(number)")
    }
}
