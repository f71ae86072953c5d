// Finds machines that say they have a digest, or anything at all: passim-protocol(7), MDNS. The conversation with Avahi
// is on a thread of its own, which the advertiser's long ones do not hold up.

package import Logging
package import PassimCore
package import PassimSystem

package final class PeerBrowser: PeerFinder {
    struct Question: Sendable {
        var number: AvahiSearch.Number
        /// A service type, or a subtype of one.
        var type: String
        var asker: Asker
    }

    /// The one that waits for the answers.
    struct Asker: Sendable {
        var found: @Sendable (Neighbour) -> Void
        var end: @Sendable () -> Void
    }

    struct Mail: Sendable {
        var asked: [Question] = []
        var dropped: [AvahiSearch.Number] = []
        var isOpen = false
        var next: AvahiSearch.Number = 0
    }

    let family: Family
    let filter: PeerFilter
    let logger: Logger
    let waker: AvahiLoop.Waker
    let mail = Lock(Mail())
    private let thread = Lock<SystemThread?>(nil)

    /// Questions that nobody has taken up yet; further ones find nobody.
    private static let mostAsked = 4096

    /// - Parameter ipv6: asks and takes answers over IPv6 too; over IPv4 always.
    /// - Parameter networks: of peers, besides those that are private or on a link: `PeerNetworks=`.
    package init(ipv6: Bool, networks: [Network] = [], logger: Logger) throws(SystemError) {
        family = ipv6 ? .both : .ipv4
        filter = PeerFilter(allowed: networks, logger: logger)
        self.logger = logger
        waker = try AvahiLoop.Waker()
    }

    /// Begins to connect; returns at once. Once only.
    package func start() throws(SystemError) {
        mail.withLock { $0.isOpen = true }
        let started = try SystemThread(name: "peer browser") { [self] in
            var thread = PeerBrowserThread(self)
            thread.run()
            close()
        }
        thread.withLock { $0 = started }
    }

    /// Ends all questions.
    ///
    /// - Parameter seconds: an avahi-daemon that does not answer is not waited for longer.
    package func stop(within seconds: Int = 2) {
        close()
        waker.wake()
        guard
            let thread = thread.withLock({ thread in
                defer { thread = nil }
                return thread
            })
        else { return }
        _ = thread.join(by: monotonicNanoseconds() + UInt64(seconds) * 1_000_000_000)
    }

    /// Takes no more questions, and ends those that wait.
    private func close() {
        let asked = mail.withLock { mail in
            mail.isOpen = false
            defer { mail.asked = [] }
            return mail.asked
        }
        for question in asked { question.asker.end() }
    }

    /// From now on these networks of peers are asked, besides those that are private or on a link.
    package func replace(networks: [Network]) { filter.replace(allowed: networks) }

    package func peers(with digest: Digest) -> AsyncStream<Peer> {
        ask(CacheService.subtype(of: digest)) { $0.peer }
    }

    /// All machines that offer to serve, whatever they have. Ends as `peers` does.
    package func neighbours() -> AsyncStream<Neighbour> {
        ask(CacheService.type) { $0 }
    }

    private func ask<Answer: Sendable>(
        _ type: String, _ answer: @escaping @Sendable (Neighbour) -> Answer
    ) -> AsyncStream<Answer> {
        let (stream, continuation) = AsyncStream.makeStream(of: Answer.self)
        let asker = Asker(
            found: { continuation.yield(answer($0)) }, end: { continuation.finish() })
        let number: AvahiSearch.Number? = mail.withLock { mail in
            guard mail.isOpen, mail.asked.count < PeerBrowser.mostAsked else { return nil }
            mail.next += 1
            mail.asked.append(Question(number: mail.next, type: type, asker: asker))
            return mail.next
        }
        guard let number else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] termination in
            // Finished: the thread knows.
            guard case .cancelled = termination, let self else { return }
            mail.withLock { $0.dropped.append(number) }
            waker.wake()
        }
        waker.wake()
        return stream
    }
}
