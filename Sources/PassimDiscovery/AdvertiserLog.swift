internal import Logging

/// Says in the log how advertising goes, when that has changed.
struct AdvertiserLog {
    private let port: UInt16
    private let logger: Logger
    private var state: AdvertiserStatus.State?
    private var means = AdvertiserStatus.Means.records
    private var leftOut = 0

    init(port: UInt16, logger: Logger) {
        self.port = port
        self.logger = logger
    }

    /// - Parameter reachedLimits: what keeps those out that are left out.
    mutating func note(_ status: AdvertiserStatus, _ reachedLimits: Set<AvahiLimit>) {
        if status.state != state {
            // A state that lasts for a moment only is nobody's business.
            if status.state != .registering || state == nil { say(status) }
            state = status.state
            means = status.means
        } else if status.state == .advertising, status.means != means {
            say(status)
            means = status.means
        }
        if status.state == .advertising, status.leftOut != leftOut {
            if leftOut == 0 { sayLeftOut(status, reachedLimits) }
            leftOut = status.leftOut
        }
    }

    private func say(_ status: AdvertiserStatus) {
        switch status.state {
        case .stopped: break
        case .paused: logger.notice("nothing is advertised while the connection is metered")
        case .hindered(let why): logger.warning("nothing is advertised: \(why)")
        case .waiting(let why): logger.notice("nothing is advertised until avahi-daemon answers (\(why))")
        case .registering: logger.debug("registering the service \(status.serviceName)")
        case .advertising:
            let means = status.means == .answers ? ", answering questions ourselves" : ""
            logger.info(
                "advertising \(status.registered) files as \(status.serviceName) on port \(port)\(means)")
        }
    }

    private func sayLeftOut(_ status: AdvertiserStatus, _ reachedLimits: Set<AvahiLimit>) {
        let remedies = reachedLimits.sorted().map(\.remedy)
        let advice = remedies.isEmpty ? "" : "; what would help: more of \(remedies.joined(separator: ", "))"
        logger.warning(
            "\(status.leftOut) of \(status.wanted) files, the oldest, are served and not advertised\(advice)")
    }
}
