internal import Logging
internal import PassimCore
internal import PassimSystem

/// What the advertiser's thread keeps and does.
struct AdvertiserThread {
    private let advertiser: Advertiser
    private var plan = RecordPlan()
    private var publication: Publication?
    private var instance = CacheService.instanceName(.random(in: .min ... .max))
    private var backoff = Backoff()
    /// When to connect, in nanoseconds of the monotonic clock; 0 is at once.
    private var due: UInt64 = 0
    private var failure = ""
    private var isPaused = false
    private var isStopping = false
    /// Digests past the limit, which are not even planned for.
    private var excess = 0
    /// When to see whether there is room for those that are left out.
    private var roomDue: UInt64?
    private var status = AdvertiserStatus()
    /// What was said last of how it goes, and of how many are left out.
    private var said: AdvertiserStatus.State?
    private var saidLeftOut = 0

    /// Ceilings are reached because others have connections too; they may have gone.
    private static let roomInterval: UInt64 = 300_000_000_000

    init(_ advertiser: Advertiser) {
        self.advertiser = advertiser
    }

    private var logger: Logger { advertiser.logger }

    /// Returns when it is told to stop.
    mutating func run() {
        do throws(AvahiError) {
            let loop = try AvahiLoop(advertiser.bell)
            while true {
                takeMail()
                if isStopping { break }
                // A call may take long.
                publish()
                let isBusy = work(loop)
                tell(isBusy)
                try loop.turn(until: isBusy ? 0 : nextDue())
            }
            // While the loop is there.
            publication = nil
        } catch {
            publication = nil
            logger.error("nothing is advertised any more: \(error)")
        }
    }

    // MARK: - What others want

    private mutating func takeMail() {
        let now = monotonicNanoseconds()
        let mail = advertiser.mail.withLock { mail in
            defer {
                if mail.reload || mail.due.map({ $0 <= now }) ?? false {
                    mail.changes = []
                    mail.due = nil
                    mail.reload = false
                }
            }
            return mail
        }
        isStopping = mail.stop
        if isPaused != mail.isPaused {
            isPaused = mail.isPaused
            if isPaused { withdraw() }
            due = 0
        }
        if mail.reload {
            reload()
        } else if let due = mail.due, due <= now {
            for (appeared, vanished) in mail.changes { plan.apply(appeared: appeared, vanished: vanished) }
            excess += plan.trim(to: advertiser.limit)
            // Those that were left out because there were too many come in again, not for each that goes.
            if excess > 0, plan.wanted < advertiser.limit - advertiser.limit / 8 { reload() }
        }
    }

    private mutating func reload() {
        let (newest, total) = advertiser.source(advertiser.limit)
        plan.replace(with: newest)
        _ = plan.trim(to: advertiser.limit)
        excess = max(0, total - plan.wanted)
    }

    // MARK: - The conversation

    /// - Returns: whether there is more to do at once.
    private mutating func work(_ loop: AvahiLoop) -> Bool {
        let now = monotonicNanoseconds()
        if isPaused { return false }
        do throws(AvahiError) {
            if publication == nil {
                guard due <= now else { return false }
                publication = try Publication(
                    loop, .init(instance: instance, port: advertiser.port, family: advertiser.family))
            }
            if let roomDue, roomDue <= now {
                self.roomDue = nil
                plan.tryAgain()
            }
            let isBusy = try publication!.advance(&plan)
            if publication!.phase == .published { backoff.success(at: now) }
            if !isBusy, plan.isFull, roomDue == nil { roomDue = now + AdvertiserThread.roomInterval }
            return isBusy
        } catch {
            fail(error)
            return false
        }
    }

    private mutating func fail(_ error: AvahiError) {
        if error.code == .collision {
            // Another machine has the name, and the records of the digests hold it.
            let taken = instance
            while instance == taken { instance = CacheService.instanceName(.random(in: .min ... .max)) }
            logger.notice("the network has a service \(taken) already: taking the name \(instance)")
        }
        withdraw()
        failure = error.description
        due = backoff.failure(at: monotonicNanoseconds())
    }

    private mutating func withdraw() {
        publication = nil
        plan.startAgain()
        roomDue = nil
    }

    private func nextDue() -> UInt64? {
        let changes = advertiser.mail.withLock { $0.due }
        let connecting = publication == nil && !isPaused ? due : nil
        return [changes, connecting, roomDue].compactMap { $0 }.min()
    }

    // MARK: - Telling

    private mutating func publish() {
        status.state = state
        status.serviceName = instance
        status.wanted = plan.wanted + excess
        status.registered = plan.placed
        status.leftOut = excess + (plan.isFull ? plan.waitingCount : 0)
        advertiser.publish(status)
    }

    private mutating func tell(_ isBusy: Bool) {
        publish()
        if isBusy { return }
        if status.state != said {
            // What goes on for a moment only is nobody's business.
            if status.state != .registering || said == nil { say(status.state) }
            said = status.state
        }
        if status.state == .advertising, status.leftOut != saidLeftOut {
            if saidLeftOut == 0 { sayLeftOut() }
            saidLeftOut = status.leftOut
        }
    }

    private var state: AdvertiserStatus.State {
        if isPaused { return .paused }
        guard let publication else { return .waiting(failure) }
        switch publication.phase {
        case .connecting: return .waiting("avahi-daemon is not running")
        case .settling, .registering: return .registering
        case .published: return .advertising
        }
    }

    private func say(_ state: AdvertiserStatus.State) {
        switch state {
        case .stopped: break
        case .paused: logger.notice("nothing is advertised while the connection is metered")
        case .waiting(let why): logger.notice("nothing is advertised until avahi-daemon answers (\(why))")
        case .registering: logger.debug("registering the service \(instance)")
        case .advertising:
            logger.info("advertising \(status.registered) files as \(instance) on port \(advertiser.port)")
        }
    }

    private func sayLeftOut() {
        let remedies = (publication?.ceilings ?? []).sorted().map(\.remedy)
        let advice = remedies.isEmpty ? "" : "; what would help: more of \(remedies.joined(separator: ", "))"
        logger.warning(
            "\(status.leftOut) of \(status.wanted) files, the oldest, are served and not advertised\(advice)")
    }
}
