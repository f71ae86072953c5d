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
    private var policy: AnsweringPolicy
    /// Whether the plan holds the digests, or is to be emptied: then they are found by our own answers.
    private var isPlanned = false
    /// Digests past the limit, which are not even planned for.
    private var excess = 0
    /// Where our answers are to be given: where the service is. Nil while there are none to be given, and where
    /// avahi-daemon does not tell.
    private var places: ServicePlaces?
    private var cannotTellPlaces = false
    /// Until then the port is taken for somebody else's.
    private var answersDue: UInt64 = 0
    /// When to see whether there is room for those that are left out.
    private var roomDue: UInt64?
    private var status = AdvertiserStatus()
    /// What was said last of how it goes, and of how many are left out.
    private var said: AdvertiserStatus.State?
    private var saidMeans = AdvertiserStatus.Means.records
    private var saidLeftOut = 0
    private var saidRefusal = ""

    /// Ceilings are reached because others have connections too; they may have gone. And so may who had the port
    /// of mDNS for himself.
    private static let roomInterval: UInt64 = 300_000_000_000

    init(_ advertiser: Advertiser) {
        self.advertiser = advertiser
        policy = AnsweringPolicy(
            advertiser.mail.withLock { $0.answering }, capacity: advertiser.capacity)
    }

    private var logger: Logger { advertiser.logger }
    private var responder: DigestResponder { advertiser.responder }

    /// Returns when it is told to stop.
    mutating func run() {
        defer { responder.stop() }
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
            withdraw()
        } catch {
            withdraw()
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
        policy.answering = mail.answering
        if mail.reload {
            // The plan takes memory, and its making time.
            if isPlanned || !wantsAnswers() { makePlan(anew: true) }
            responder.recheck()
        } else if let due = mail.due, due <= now {
            if isPlanned { change(by: mail.changes) }
            if mail.changes.contains(where: { !$0.vanished.isEmpty }) { responder.recheck() }
        }
    }

    private mutating func change(by changes: [(appeared: [Digest], vanished: [Digest])]) {
        for (appeared, vanished) in changes { plan.apply(appeared: appeared, vanished: vanished) }
        excess += plan.trim(to: advertiser.limit)
        // Those that were left out because there were too many come in again, not for each that goes.
        if excess > 0, plan.wanted < advertiser.limit - advertiser.limit / 8 { makePlan(anew: true) }
    }

    private mutating func makePlan(anew: Bool = false) {
        if isPlanned && !anew { return }
        let (newest, total) = advertiser.source.newest(limit: advertiser.limit)
        plan.replace(with: newest)
        _ = plan.trim(to: advertiser.limit)
        excess = max(0, total - plan.wanted)
        isPlanned = true
    }

    private mutating func emptyPlan() {
        guard isPlanned else { return }
        plan.replace(with: [])
        excess = 0
        roomDue = nil
        isPlanned = false
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
            // A mirror of a million files is found within seconds: what comes while answers are about to take over is
            // no record's any more. avahi-daemon would take minutes for them, and keep the memory.
            let isGivingWay = isPlanned && answersDue <= now && wantsAnswers()
            let isBusy: Bool
            if isGivingWay {
                try publication!.keep()
                isBusy = false
            } else {
                isBusy = try publication!.advance(&plan)
            }
            guard publication!.phase == .published else { return isBusy }
            backoff.success(at: now)
            if isBusy { return true }
            if isPlanned, plan.isFull, roomDue == nil { roomDue = now + AdvertiserThread.roomInterval }
            return takeTurns(loop, now)
        } catch {
            fail(error)
            return false
        }
    }

    /// Sees to it that the digests are found the way they are to be, the other way until that is ready.
    ///
    /// - Returns: whether there is more to do at once.
    private mutating func takeTurns(_ loop: AvahiLoop, _ now: UInt64) -> Bool {
        if answersDue <= now { answersDue = 0 }
        if isPlanned, plan.isFull, plan.waitingCount > 0 { policy.recordsAreFull(at: plan.placed) }
        guard wantsAnswers(), answersDue == 0 else {
            if isPlanned {
                // All records are there that can be.
                stopAnswering(sayingGoodbye: false)
                return false
            }
            makePlan()
            return true
        }
        answer(loop)
        switch responder.state {
        case .silent: return false
        case .answering:
            if !isAnswering { return false }
            saidRefusal = ""
            if !isPlanned, !plan.isBlank {
                // Its groups are gone, and its memory is to be.
                plan = RecordPlan()
            }
            defer { emptyPlan() }
            return isPlanned
        case .failed(let why):
            if why != saidRefusal {
                saidRefusal = why
                logger.warning(
                    "questions for digests cannot be answered, and Avahi's records are used, as many as it takes: \(why)"
                )
            }
            stopAnswering(sayingGoodbye: false)
            answersDue = now + AdvertiserThread.roomInterval
            makePlan()
            return true
        }
    }

    private mutating func answer(_ loop: AvahiLoop) {
        let domain = publication!.domain
        if places == nil, !cannotTellPlaces {
            do throws(AvahiError) {
                places = try ServicePlaces(
                    instance, domain: domain, over: advertiser.family, AvahiConnection(loop))
            } catch {
                logger.debug("answering on all links: \(error)")
                cannotTellPlaces = true
            }
        }
        // An avahi-daemon whose cache is full, 4096 records of others, has no room for its own.
        if let places, places.isComplete { cannotTellPlaces = !places.hasTold }
        responder.answer(
            as: AnswerNames(instance: instance, domain: domain),
            at: cannotTellPlaces ? nil : places?.links ?? [])
    }

    /// - Parameter sayingGoodbye: whether nobody gives the answers any more.
    private mutating func stopAnswering(sayingGoodbye: Bool) {
        responder.fallSilent(sayingGoodbye: sayingGoodbye)
        places = nil
        cannotTellPlaces = false
    }

    /// Whether all that can be asked of us is answered.
    private var isAnswering: Bool {
        guard case .answering = responder.state else { return false }
        return cannotTellPlaces || places?.isComplete ?? false
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
        // Before the service, which they point to.
        stopAnswering(sayingGoodbye: true)
        publication = nil
        plan.startAgain()
        roomDue = nil
        answersDue = 0
        policy.startAgain()
    }

    private func nextDue() -> UInt64? {
        let changes = advertiser.mail.withLock { $0.due }
        let connecting = publication == nil && !isPaused ? due : nil
        let answers = answersDue > 0 && publication != nil ? answersDue : nil
        return [changes, connecting, roomDue, answers].compactMap { $0 }.min()
    }

    // MARK: - Telling

    private mutating func publish() {
        status.state = state
        status.serviceName = instance
        status.means = isAnswering ? .answers : .records
        status.wanted = isPlanned ? plan.wanted + excess : advertiser.source.count
        status.registered = isAnswering ? status.wanted : isPlanned ? plan.placed : 0
        status.leftOut = isAnswering ? 0 : excess + (plan.isFull ? plan.waitingCount : 0)
        advertiser.publish(status)
    }

    private mutating func tell(_ isBusy: Bool) {
        publish()
        if isBusy { return }
        if status.state != said {
            // What goes on for a moment only is nobody's business.
            if status.state != .registering || said == nil { say(status.state) }
            said = status.state
            saidMeans = status.means
        } else if status.state == .advertising, status.means != saidMeans {
            say(.advertising)
            saidMeans = status.means
        }
        if status.state == .advertising, status.leftOut != saidLeftOut {
            if saidLeftOut == 0 { sayLeftOut() }
            saidLeftOut = status.leftOut
        }
    }

    private mutating func wantsAnswers() -> Bool {
        policy.wantsAnswers(for: advertiser.source.expectedCount)
    }

    private var state: AdvertiserStatus.State {
        if isPaused { return .paused }
        guard let publication else { return .waiting(failure) }
        switch publication.phase {
        case .connecting: return .waiting("avahi-daemon is not running")
        case .settling, .registering: return .registering
        case .published: return isPlanned || isAnswering ? .advertising : .registering
        }
    }

    private func say(_ state: AdvertiserStatus.State) {
        switch state {
        case .stopped: break
        case .paused: logger.notice("nothing is advertised while the connection is metered")
        case .waiting(let why): logger.notice("nothing is advertised until avahi-daemon answers (\(why))")
        case .registering: logger.debug("registering the service \(instance)")
        case .advertising:
            let means = status.means == .answers ? ", answering questions ourselves" : ""
            logger.info(
                "advertising \(status.registered) files as \(instance) on port \(advertiser.port)\(means)")
        }
    }

    private func sayLeftOut() {
        let remedies = (publication?.ceilings ?? []).sorted().map(\.remedy)
        let advice = remedies.isEmpty ? "" : "; what would help: more of \(remedies.joined(separator: ", "))"
        logger.warning(
            "\(status.leftOut) of \(status.wanted) files, the oldest, are served and not advertised\(advice)")
    }
}
