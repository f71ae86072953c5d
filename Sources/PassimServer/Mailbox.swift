internal import PassimCore
internal import PassimSystem

/// Messages to a reactor from other threads, and its wake-up.
final class Mailbox: Sendable {
    private struct Content {
        var messages: [Reactor.Message] = []
        var isClosed = false
    }

    private let content = Lock(Content())
    private let wakeUp: WakeUp

    init() throws(SystemError) {
        wakeUp = try WakeUp()
    }

    func watch(_ poller: borrowing Poller, token: UInt64) throws(SystemError) {
        let number = wakeUp.descriptor.lend { $0 }
        try poller.add(number, .input, token: token)
    }

    /// - Returns: false where the reactor has ended and nobody will read it.
    @discardableResult
    func send(_ message: Reactor.Message) -> Bool {
        let isFirst: Bool? = content.withLock { content in
            if content.isClosed { return nil }
            content.messages.append(message)
            return content.messages.count == 1
        }
        guard let isFirst else { return false }
        if isFirst { wakeUp.signal() }
        return true
    }

    /// On the reactor's thread.
    func take() -> [Reactor.Message] {
        wakeUp.clear()
        return content.withLock { content in
            defer { content.messages = [] }
            return content.messages
        }
    }

    /// Takes what is left and accepts no more.
    func close() -> [Reactor.Message] {
        content.withLock { content in
            content.isClosed = true
            defer { content.messages = [] }
            return content.messages
        }
    }
}
