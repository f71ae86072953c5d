internal import Logging
internal import PassimCore
internal import PassimSystem

/// The state and the work of the advertiser's thread.
struct AdvertiserThread {
    private let advertiser: Advertiser
    private var plan = RecordPlan()
    private var session: AvahiSession?
    private var instance = CacheService.instanceName(.random(in: .min ... .max))
    private var backoff = Backoff()
    /// When to connect, in nanoseconds of the monotonic clock; 0 is at once.
    private var due: UInt64 = 0
    private var failure = ""
    private var isPaused = false
    private var isStopping = false
    /// The reason why we are not found, if it is not avahi-daemon's absence.
    private var hindrance: String?
    private var policy: AnsweringPolicy
    /// The places where the service is to be announced; nil is everywhere.
    private var announced: [AnnouncedPlace]?
    /// Tells when that may be another; nil where everything is listened at.
    private var news: InterfaceNews?
    /// True if the plan holds the digests; false if it is to be emptied: then they are found by our own
    /// answers.
    private var isPlanned = false
    /// Digests past the limit, which are not even planned for.
    private var excess = 0
    /// The service resolves, or that cannot be told: digests may point to it.
    private var isConfirmed = false
    /// The places where our answers are to be given: where the service is. Nil while it is not looked for,
    /// and if avahi-daemon does not tell.
    private var places: ServicePlaces?
    private var cannotTellPlaces = false
    /// Since when it is on no link.
    private var nowhereSince: UInt64?
    private var goodbyes = Goodbyes()
    /// Until then the port is taken for somebody else's.
    private var answersDue: UInt64 = 0
    /// When to see whether there is room for those that are left out.
    private var roomDue: UInt64?
    private var status = AdvertiserStatus()
    private var log: AdvertiserLog
    private var saidRefusal = ""

    /// The service is on no link for a moment where the host's name changes.
    private static let nowhereTime: UInt64 = 3_000_000_000
    /// Ceilings are reached because others have connections too; they may have gone. And so may who had the port
    /// of mDNS for himself.
    private static let roomInterval: UInt64 = 300_000_000_000

    init(_ advertiser: Advertiser) {
        self.advertiser = advertiser
        log = AdvertiserLog(port: advertiser.port, logger: advertiser.logger)
        policy = AnsweringPolicy(
            advertiser.mail.withLock { $0.answering }, capacity: advertiser.capacity)
    }

    private var logger: Logger { advertiser.logger }
    private var responder: DigestResponder { advertiser.responder }

    /// Returns when it is told to stop.
    mutating func run() {
        defer { responder.stop() }
        do throws(AvahiError) {
            let loop = try AvahiLoop(advertiser.waker)
            lookAtInterfaces(loop)
            while true {
                takeMail()
                if isStopping { break }
                if news?.take() ?? false { lookAtInterfaces(loop) }
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
                    mail.forgetChanges()
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
        for (appeared, vanished) in changes {
            plan.apply(appeared: appeared, vanished: vanished)
            goodbyes.note(vanished: vanished)
        }
        excess += plan.trim(to: advertiser.limit)
        // Digests that were left out because there were too many come in again, not for each that goes.
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
            if session == nil {
                guard due <= now else { return false }
                if let announced, announced.isEmpty {
                    hindrance = "Listen= names no interface or address that others could reach"
                    due = .max
                    return false
                }
                session = try AvahiSession(
                    loop,
                    .init(
                        instance: instance, port: advertiser.port, family: advertiser.family,
                        places: announced))
                plan.startAgain(groupSize: session!.groupSize)
            }
            if let roomDue, roomDue <= now {
                self.roomDue = nil
                plan.tryAgain()
            }
            // A mirror of a million files is found within seconds: what comes while answers are about to take over is
            // no record's any more. avahi-daemon would take minutes for them, and keep the memory.
            let isGivingWay = isPlanned && answersDue <= now && wantsAnswers()
            try session!.keep()
            guard session!.phase == .published, confirm(loop, now) else { return false }
            backoff.success(at: now)
            if !isGivingWay, try session!.advance(&plan) { return true }
            sayFarewells()
            if isPlanned, plan.isFull, roomDue == nil { roomDue = now + AdvertiserThread.roomInterval }
            return takeTurns(loop, now)
        } catch {
            fail(error)
            return false
        }
    }

    /// Looks whether the service resolves, before anything points to it.
    ///
    /// - Returns: false while that is not known, or not so.
    private mutating func confirm(_ loop: AvahiLoop, _ now: UInt64) -> Bool {
        if isConfirmed { return true }
        watchPlaces(loop, now)
        switch places?.finding(at: now) ?? .untold {
        case .unknown: return false
        case .unresolved:
            hindrance =
                "avahi-daemon announces this machine without its addresses, so that nobody can reach it: set "
                + "publish-addresses=yes in avahi-daemon.conf"
            return false
        case .resolved, .untold:
            isConfirmed = true
            hindrance = nil
            // A connection less that keeps records out; answers ask again.
            places = nil
            return true
        }
    }

    private mutating func watchPlaces(_ loop: AvahiLoop, _ now: UInt64) {
        if cannotTellPlaces { return }
        do throws(AvahiError) {
            if places == nil {
                places = try ServicePlaces(
                    instance, domain: session!.domain, over: advertiser.family, AvahiConnection(loop))
            }
            try places!.advance(at: now)
        } catch {
            logger.debug("it cannot be told where the service is: \(error)")
            places = nil
            cannotTellPlaces = true
        }
    }

    private mutating func sayFarewells() {
        if goodbyes.isEmpty { return }
        let source = advertiser.source
        goodbyes.say(
            AnswerNames(instance: instance, domain: session!.domain), ipv6: advertiser.family == .both,
            at: announced, logger
        ) { !source.contains($0) }
    }

    /// Takes up where the service is to be announced.
    private mutating func lookAtInterfaces(_ loop: AvahiLoop) {
        do throws(SystemError) {
            let places = AnnouncedPlace.all(
                advertiser.listening, ipv6: advertiser.family == .both, among: try NetworkInterface.all())
            if places != nil, news == nil {
                news = try InterfaceNews()
                do throws(AvahiError) { try news!.watch(with: loop) } catch { logger.warning("\(error)") }
            }
            let wanted = places.map { Array($0.prefix(AnnouncedPlace.most)) }
            if let places, places.count > AnnouncedPlace.most {
                logger.warning(
                    "this machine is announced on \(AnnouncedPlace.most) of the \(places.count) links of Listen="
                )
            }
            guard wanted != announced else { return }
            announced = wanted
            withdraw()
            due = 0
        } catch {
            logger.warning("the interfaces cannot be looked at: \(error)")
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
        answer(loop, now)
        noteWhetherNowhere(now)
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
                    "mDNS questions cannot be answered by passimd itself, and Avahi gets as many records as it takes: \(why)"
                )
            }
            stopAnswering(sayingGoodbye: false)
            answersDue = now + AdvertiserThread.roomInterval
            makePlan()
            return true
        }
    }

    private mutating func answer(_ loop: AvahiLoop, _ now: UInt64) {
        watchPlaces(loop, now)
        // Told nothing, it is answered everywhere.
        let isUntold = places.map { $0.finding(at: now) == .untold } ?? true
        responder.answer(
            as: AnswerNames(instance: instance, domain: session!.domain),
            at: isUntold ? announced.map { Set($0.map(\.link)) } : places!.links)
    }

    /// - Parameter sayingGoodbye: whether nobody gives the answers any more.
    private mutating func stopAnswering(sayingGoodbye: Bool) {
        responder.fallSilent(sayingGoodbye: sayingGoodbye)
        places = nil
        cannotTellPlaces = false
        nowhereSince = nil
    }

    /// True if all that can be asked of us is answered.
    private var isAnswering: Bool {
        guard case .answering(let links) = responder.state else { return false }
        return links > 0
    }

    /// Notes since when no link answers, which is a hindrance if it lasts for more than a moment.
    private mutating func noteWhetherNowhere(_ now: UInt64) {
        if isAnswering || isPlanned {
            nowhereSince = nil
            hindrance = nil
        } else if case .answering = responder.state {
            nowhereSince = nowhereSince ?? now
            if nowhereSince! + AdvertiserThread.nowhereTime <= now {
                hindrance =
                    "avahi-daemon has this machine on no network interface: is one up, and do allow-interfaces and "
                    + "deny-interfaces in avahi-daemon.conf let it?"
            }
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
        hindrance = error.refusal
        due = backoff.failure(at: monotonicNanoseconds())
    }

    private mutating func withdraw() {
        // Before the service, which they point to.
        stopAnswering(sayingGoodbye: true)
        session = nil
        isConfirmed = false
        hindrance = nil
        goodbyes.removeAll()
        plan.startAgain()
        roomDue = nil
        answersDue = 0
        policy.startAgain()
    }

    private func nextDue() -> UInt64? {
        let changes = advertiser.mail.withLock { $0.due }
        let connecting = session == nil && !isPaused ? due : nil
        let answers = answersDue > 0 && session != nil ? answersDue : nil
        let nowhere = hindrance == nil ? nowhereSince.map { $0 + AdvertiserThread.nowhereTime } : nil
        return [changes, connecting, roomDue, answers, nowhere, places?.due(after: monotonicNanoseconds())]
            .compactMap { $0 }.min()
    }

    // MARK: - Telling

    private mutating func publish() {
        status.state = state
        status.serviceName = instance
        status.means = isAnswering ? .answers : .records
        status.wanted = isPlanned ? plan.wanted + excess : advertiser.source.count
        status.registered = isAnswering ? status.wanted : isPlanned ? plan.placed : 0
        status.leftOut = isAnswering ? 0 : excess + (plan.isFull ? plan.waitingCount : 0)
        status.remedies = status.leftOut > 0 ? (session?.reachedLimits ?? []).sorted().map(\.remedy) : []
        advertiser.publish(status)
    }

    private mutating func tell(_ isBusy: Bool) {
        publish()
        if !isBusy { log.note(status, session?.reachedLimits ?? []) }
    }

    private mutating func wantsAnswers() -> Bool {
        policy.wantsAnswers(for: advertiser.source.expectedCount)
    }

    private var state: AdvertiserStatus.State {
        if isPaused { return .paused }
        if let hindrance { return .hindered(hindrance) }
        guard let session else { return .waiting(failure) }
        switch session.phase {
        case .connecting: return .waiting("avahi-daemon is not running")
        case .settling, .registering: return .registering
        case .published: return isConfirmed && (isPlanned || isAnswering) ? .advertising : .registering
        }
    }
}
