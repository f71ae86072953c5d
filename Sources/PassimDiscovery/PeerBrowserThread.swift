internal import CAvahi
internal import Logging
internal import PassimCore
internal import PassimSystem

/// The state and the work of the browser's thread.
struct PeerBrowserThread {
    private let browser: PeerBrowser
    private var connection: AvahiConnection?
    private var searches: [AvahiSearch.Number: AvahiSearch] = [:]
    /// Questions that wait for one of the searches to end; the oldest is last.
    private var queue: [PeerBrowser.Question] = []
    private var backoff = Backoff()
    private var due: UInt64 = 0
    private var saidRefusal = ""
    /// Objects of the connection: 1024 as distributions configure avahi-daemon, fewer once one was refused.
    private var mostObjects = PeerBrowserThread.usualObjects

    private static let usualObjects = 1000
    private static let mostSearches = 256
    /// A search ends by itself about a second after it began, one with a peer that does not resolve after six.
    private static let longest: UInt64 = 10_000_000_000

    init(_ browser: PeerBrowser) {
        self.browser = browser
    }

    /// Returns when the browser is closed.
    mutating func run() {
        do throws(AvahiError) {
            let loop = try AvahiLoop(browser.waker)
            while takeMail() {
                connect(loop)
                work()
                try loop.turn(until: nextDue())
            }
            disconnect()
        } catch {
            disconnect()
            browser.logger.error("peers are not looked for any more: \(error)")
        }
    }

    /// - Returns: false when it is over.
    private mutating func takeMail() -> Bool {
        let mail = browser.mail.withLock { mail in
            defer {
                mail.asked = []
                mail.dropped = []
            }
            return mail
        }
        if !mail.asked.isEmpty { queue = mail.asked.reversed() + queue }
        for number in mail.dropped { searches[number] = nil }
        if !mail.dropped.isEmpty, !queue.isEmpty {
            let dropped = Set(mail.dropped)
            queue.removeAll { dropped.contains($0.number) }
        }
        return mail.isOpen
    }

    private mutating func connect(_ loop: AvahiLoop) {
        let now = monotonicNanoseconds()
        if let failure = connection?.failure { fail(failure) }
        guard connection == nil else { return }
        if due <= now {
            do throws(AvahiError) {
                connection = try AvahiConnection(loop)
                if let failure = connection!.failure { fail(failure) }
            } catch {
                fail(error)
            }
        }
    }

    private mutating func fail(_ error: AvahiError) {
        if let refusal = error.refusal, refusal != saidRefusal {
            saidRefusal = refusal
            browser.logger.warning("peers cannot be looked for: \(refusal)")
        }
        browser.logger.debug("peers cannot be looked for: \(error)")
        disconnect()
        due = backoff.failure(at: monotonicNanoseconds())
    }

    private mutating func disconnect() {
        // Ends what was made through it without a call for each.
        connection?.close()
        connection = nil
        for search in searches.values { search.finish() }
        searches = [:]
        refuseQueue()
        mostObjects = PeerBrowserThread.usualObjects
    }

    private mutating func refuseQueue() {
        for question in queue { question.asker.end() }
        queue = []
    }

    private mutating func work() {
        guard let connection, connection.isUsable else {
            // Nobody can be asked.
            refuseQueue()
            return
        }
        backoff.success(at: monotonicNanoseconds())
        do throws(AvahiError) {
            try advance()
            try begin(connection)
        } catch {
            fail(error)
        }
    }

    private mutating func advance() throws(AvahiError) {
        let now = monotonicNanoseconds()
        var room = self.room
        for (number, search) in searches {
            do throws(AvahiError) {
                try search.advance(&room)
            } catch {
                guard error.code == .tooManyObjects else { throw error }
                mostObjects = objectCount
                room = 0
            }
            if search.isOver || search.deadline <= now {
                search.finish()
                searches[number] = nil
            }
        }
    }

    private var objectCount: Int { searches.values.reduce(0) { $0 + $1.objectCount } }
    private var room: Int { mostObjects - objectCount }

    private mutating func begin(_ connection: AvahiConnection) throws(AvahiError) {
        // Half of the room is for resolvers.
        while searches.count < min(PeerBrowserThread.mostSearches, max(1, mostObjects / 2)),
            let question = queue.popLast()
        {
            do throws(AvahiError) {
                searches[question.number] = try AvahiSearch(
                    question.type, over: browser.family, connection, question.asker, browser.filter,
                    deadline: monotonicNanoseconds() + PeerBrowserThread.longest)
            } catch {
                if error.code == .tooManyObjects, !searches.isEmpty {
                    mostObjects = objectCount
                    queue.append(question)
                    return
                }
                question.asker.end()
                throw error
            }
        }
    }

    private func nextDue() -> UInt64? {
        connection == nil ? due : searches.values.map(\.deadline).min()
    }
}
