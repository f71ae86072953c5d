// Has all digests found by every peer of the network, whatever becomes of avahi-daemon. All of it happens on a
// thread of its own: each of Avahi's calls blocks for a quarter of a millisecond, and longer where it is busy.

package import Logging
package import PassimCore
package import PassimSystem

package final class Advertiser: Sendable {
    struct Mail {
        /// In their order: a file that is replaced vanishes and appears.
        var changes: [(appeared: [Digest], vanished: [Digest])] = []
        /// Digests in them.
        var changeCount = 0
        var isPaused = false
        var answering: Answering
        var reload = true
        var stop = false
        /// When changes are looked at, so that many are at once.
        var due: UInt64?

        mutating func forgetChanges() {
            changes = []
            changeCount = 0
            due = nil
        }
    }

    /// Registration takes avahi-daemon time that grows with the square: 4 s of CPU at 30 000, 45 s at 100 000.
    package static let defaultLimit = 100_000
    /// Digests past which we answer by ourselves: avahi-daemon takes 9 s for so many, and 27 MB.
    package static let defaultCapacity = 30_000
    /// Changes wait for others that long.
    static let collecting: UInt64 = 200_000_000
    /// Digests of changes that wait, 32 bytes each. A call of Avahi's may hang for 25 s; where more has come
    /// meanwhile, the source is asked anew.
    static let mostChanges = 65_536

    let port: UInt16
    let listening: [Socket.Place]
    let family: Family
    let limit: Int
    let capacity: Int
    let source: any AdvertisedSource
    let logger: Logger
    let waker: AvahiLoop.Waker
    let mail: Lock<Mail>
    let responder: DigestResponder
    private let published = Lock(AdvertiserStatus())
    private let thread = Lock<SystemThread?>(nil)

    /// - Parameter port: where this machine serves.
    /// - Parameter listening: the places at which it does: others are not announced.
    /// - Parameter ipv6: over IPv6 too; IPv4 always.
    /// - Parameter capacity: records of Avahi's past which `.automatic` answers by itself.
    /// - Parameter limit: records of Avahi's at most, whatever happens.
    /// - Parameter source: what is advertised; asked for its digests at the start and after `reload`.
    package init(
        port: UInt16, listening: [Socket.Place] = [.every(v6: false), .every(v6: true)], ipv6: Bool,
        answering: Answering = .automatic,
        capacity: Int = Advertiser.defaultCapacity, limit: Int = Advertiser.defaultLimit, logger: Logger,
        source: any AdvertisedSource
    ) throws(SystemError) {
        self.port = port
        self.listening = listening
        family = ipv6 ? .both : .ipv4
        self.capacity = capacity
        self.limit = limit
        self.source = source
        self.logger = logger
        mail = Lock(Mail(answering: answering))
        let waker = try AvahiLoop.Waker()
        self.waker = waker
        responder = try DigestResponder(
            ipv6: ipv6, logger: logger, knows: { source.contains($0) }, onChange: { waker.wake() })
    }

    /// Begins; returns at once. Once only.
    package func start() throws(SystemError) {
        let started = try SystemThread(name: "advertiser") { [self] in
            var turn = AdvertiserThread(self)
            turn.run()
            published.withLock { $0 = AdvertiserStatus() }
        }
        thread.withLock { $0 = started }
    }

    /// Withdraws everything.
    ///
    /// - Parameter seconds: an avahi-daemon that does not answer is not waited for longer; what is left goes with
    ///   this process.
    package func stop(within seconds: Int = 2) {
        guard
            let thread = thread.withLock({ thread in
                defer { thread = nil }
                return thread
            })
        else { return }
        mail.withLock { $0.stop = true }
        waker.wake()
        _ = thread.join(by: monotonicNanoseconds() + UInt64(seconds) * 1_000_000_000)
    }

    /// From any thread; never waits. Changes count in the order in which they are told, and those that happened
    /// before the source was asked do no harm.
    package func apply(appeared: [Digest], vanished: [Digest]) {
        if appeared.isEmpty && vanished.isEmpty { return }
        let isFirst = mail.withLock { mail in
            // The source has not been asked yet, and will know.
            if mail.reload { return false }
            mail.changes.append((appeared, vanished))
            mail.changeCount += appeared.count + vanished.count
            if mail.changeCount > Advertiser.mostChanges {
                mail.forgetChanges()
                mail.reload = true
                return true
            }
            defer { mail.due = mail.due ?? monotonicNanoseconds() + Advertiser.collecting }
            return mail.due == nil
        }
        if isFirst { waker.wake() }
    }

    /// Asks the source again for everything: for who has missed changes.
    package func reload() {
        mail.withLock { mail in
            mail.reload = true
            mail.forgetChanges()
        }
        waker.wake()
    }

    /// On a metered connection nothing is advertised (passim-protocol(7), MDNS).
    package func setPaused(_ paused: Bool) {
        mail.withLock { $0.isPaused = paused }
        waker.wake()
    }

    /// From now on, without a gap.
    package func setAnswering(_ answering: Answering) {
        mail.withLock { $0.answering = answering }
        waker.wake()
    }

    /// The counts of our own answers.
    package var answers: AnswerCounters { responder.counters }

    package var status: AdvertiserStatus { published.withLock { $0 } }

    func publish(_ status: AdvertiserStatus) { published.withLock { $0 = status } }
}
