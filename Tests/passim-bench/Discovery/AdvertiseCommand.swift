internal import ArgumentParser
internal import Glibc
internal import Logging
internal import PassimCore
internal import PassimDiscovery
internal import PassimSystem
internal import PassimTestKit

/// `passim-bench discovery advertise`: an advertiser alone, for tests and benchmarks to run on a host of a LAN.
///
/// It obeys signals: SIGUSR1, the next digests appear; SIGUSR2, the oldest vanishes; SIGHUP, the connection comes
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

    @Option(help: "Who has them found: automatic, never (Avahi's records), or always (our own answers).")
    var answering = Answering.automatic

    @Option(help: "Digests past which 'automatic' answers.")
    var capacity = Advertiser.defaultCapacity

    @Option(help: "Digests that appear at once.")
    var atOnce = 1

    @Option(help: "Digests that are expected besides, and do not come.")
    var awaited = 0

    @Flag(help: "Over IPv6, too.")
    var ipv6 = false

    func run() throws {
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGUSR1, SIGUSR2, SIGHUP, SIGINT, SIGTERM] { sigaddset(&signals, signal) }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        var logger = Logger(label: "advertise") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .debug
        let source = NumberedDigests(count, awaited: awaited)
        let advertiser = try Advertiser(
            port: port, ipv6: ipv6, answering: answering, capacity: capacity, limit: limit, logger: logger,
            source: source)
        try advertiser.start()
        obey(signals, advertiser, source)
        advertiser.stop()
        say("answers \(advertiser.answers)")
        say("stopped")
    }

    private func obey(_ signals: sigset_t, _ advertiser: Advertiser, _ source: NumberedDigests) {
        var signals = signals
        var isPaused = false
        var told: AdvertiserStatus?
        var (toldAnswers, answersDue) = (AnswerCounters(), monotonicNanoseconds())
        while true {
            let (status, answers) = (advertiser.status, advertiser.answers)
            if status != told { tell(status) }
            told = status
            // Not a line for each.
            if answers.given != toldAnswers.given, answersDue <= monotonicNanoseconds() {
                say("answered \(answers.given)")
                toldAnswers = answers
                answersDue = monotonicNanoseconds() + 200_000_000
            }
            // Between two looks at the status.
            var time = timespec(tv_sec: 0, tv_nsec: 10_000_000)
            switch sigtimedwait(&signals, nil, &time) {
            case SIGUSR1: advertiser.apply(appeared: (0..<atOnce).map { _ in source.add() }, vanished: [])
            case SIGUSR2: advertiser.apply(appeared: [], vanished: [source.removeOldest()])
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
            case .hindered: "hindered"
            case .registering: "registering"
            case .advertising: "advertising"
            }
        say(
            "status \(state) \(status.serviceName) wanted \(status.wanted) registered \(status.registered)"
                + " left out \(status.leftOut)\(status.means == .answers ? ", by answers" : "").")
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

extension Answering: ExpressibleByArgument {}

extension AnswerCounters {
    fileprivate var given: UInt64 { answers + privateAnswers }
}
