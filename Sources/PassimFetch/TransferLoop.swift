// The thread that carries out transfers. It owns libcurl's handles; others reach it through its mailbox.

internal import CCurl
internal import Glibc
internal import Logging
internal import PassimCore
internal import PassimSystem

/// Carries out transfers on a thread of its own, so many at once; the others wait for their turn.
final class TransferLoop: Sendable {
    struct Limits: Sendable {
        /// A peer is asked in some milliseconds; more at once only share the processor.
        var transfers = 256
        /// As many as all lookups together may ask at once; past that, waiting has no end in time.
        var waiting = 16384
        /// Peers of a network that are asked again and again save two round trips.
        var keptConnections = 64
    }

    private let mailbox: TransferMailbox
    private let thread: SystemThread

    /// - Parameter name: of the thread.
    init(name: String, limits: Limits, logger: Logger) throws {
        try Curl.begin()
        let mailbox = try TransferMailbox()
        self.mailbox = mailbox
        // A failure here is better known now than on the thread.
        let multi = Handover(
            try MultiHandle(keeping: limits.keptConnections) { error in
                logger.warning("waiting for the answers of peers failed, and is tried again: \(error)")
            })
        try multi.value.watch(mailbox.wakeUp)
        thread = try SystemThread(name: name) {
            var work = TransferThread(multi: multi.value, mailbox: mailbox, limits: limits)
            do {
                try work.run()
            } catch {
                logger.critical("no peers are asked until passimd is restarted: \(error)")
            }
            work.abandonAll()
        }
    }

    deinit {
        // Not waited for: this may be the thread itself.
        mailbox.end()
    }

    /// Its `end` or `abandon` will be called, once.
    func start(_ transfer: any Transfer) {
        if !mailbox.send(.start(transfer)) { transfer.abandon(.stopped) }
    }

    /// Ends it at once; neither its `end` nor its `abandon` may be called any more.
    func cancel(_ transfer: any Transfer) {
        // A loop that has ended has nothing to cancel.
        _ = mailbox.send(.cancel(transfer))
    }

    /// Ends all transfers, and the thread; returns when it has ended. What is started later is abandoned.
    func stop() {
        mailbox.end()
        thread.join()
    }

    /// Given to the thread when it begins, and touched by nobody else from then on.
    private final class Handover: @unchecked Sendable {
        let value: MultiHandle

        init(_ value: MultiHandle) {
            self.value = value
        }
    }
}

/// The state and the work of the loop's thread.
private struct TransferThread {
    private struct Running {
        var transfer: any Transfer
        var easy: EasyHandle
    }

    private let multi: MultiHandle
    private let mailbox: TransferMailbox
    private let limits: TransferLoop.Limits
    private var waiting: TransferQueue
    /// By libcurl's handle.
    private var running: [UnsafeMutableRawPointer: Running] = [:]

    init(multi: MultiHandle, mailbox: TransferMailbox, limits: TransferLoop.Limits) {
        self.multi = multi
        self.mailbox = mailbox
        self.limits = limits
        waiting = TransferQueue(capacity: limits.waiting)
    }

    /// Returns when the loop is to end.
    mutating func run() throws {
        ignoreBrokenPipes()
        while let messages = mailbox.take() {
            for message in messages {
                switch message {
                case .start(let transfer):
                    if !waiting.append(transfer) { transfer.abandon(.overload) }
                case .cancel(let transfer): try cancel(transfer)
                }
            }
            try takeEnded()
            let now = monotonicNanoseconds()
            for transfer in waiting.takeExpired(now: now) { transfer.abandon(.late) }
            try begin(now)
            try multi.turn(until: waiting.nextExpiry)
        }
    }

    private mutating func begin(_ now: UInt64) throws {
        while running.count < limits.transfers, let transfer = waiting.next() {
            guard transfer.deadline > now else {
                transfer.abandon(.late)
                continue
            }
            let milliseconds = Int(clamping: (transfer.deadline - now + 999_999) / 1_000_000)
            do throws(CurlError) {
                let easy = try transfer.makeHandle(milliseconds: milliseconds)
                try multi.add(easy)
                running[easy.lend { $0 }] = Running(transfer: transfer, easy: easy)
            } catch {
                transfer.abandon(.refused(error))
            }
        }
    }

    private mutating func takeEnded() throws {
        while let (pointer, result) = multi.nextEnded() {
            guard let ended = running.removeValue(forKey: pointer) else { continue }
            ended.transfer.end(result, ended.easy)
            try multi.remove(ended.easy)
        }
    }

    private mutating func cancel(_ transfer: any Transfer) throws {
        // One that waits is passed over when its turn comes.
        guard let (pointer, cancelled) = running.first(where: { $0.value.transfer === transfer }) else {
            return
        }
        running[pointer] = nil
        try multi.remove(cancelled.easy)
    }

    mutating func abandonAll() {
        for message in mailbox.close() {
            if case .start(let transfer) = message { transfer.abandon(.stopped) }
        }
        for transfer in waiting.takeAll() { transfer.abandon(.stopped) }
        for (_, ended) in running {
            ended.transfer.abandon(.stopped)
            // Out of it before it goes, whatever libcurl says to that at the end.
            try? multi.remove(ended.easy)
        }
        running = [:]
    }

    /// With CURLOPT_NOSIGNAL, libcurl leaves SIGPIPE to the program, and older ones write to sockets with
    /// write(2). Blocked, and that on this thread only, it does nothing.
    private func ignoreBrokenPipes() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }
}
