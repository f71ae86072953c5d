internal import PassimCore
internal import PassimSystem

/// Messages of other threads to the transfer loop, and the wake-up for it.
final class TransferMailbox: Sendable {
    enum Message {
        case start(any Transfer)
        /// Nobody waits for it any more.
        case cancel(any Transfer)
    }

    private struct Content {
        var messages: [Message] = []
        /// Nobody will read what comes.
        var isClosed = false
        /// The loop is to end.
        var isEnding = false
    }

    private let content = Lock(Content())
    let wakeUp: WakeUp

    init() throws(SystemError) {
        wakeUp = try WakeUp()
    }

    /// - Returns: false where the loop has ended or is to end.
    func send(_ message: Message) -> Bool {
        let isFirst: Bool? = content.withLock { content in
            if content.isClosed || content.isEnding { return nil }
            content.messages.append(message)
            return content.messages.count == 1
        }
        guard let isFirst else { return false }
        if isFirst { wakeUp.signal() }
        return true
    }

    /// Asks the loop to end.
    func end() {
        content.withLock { $0.isEnding = true }
        wakeUp.signal()
    }

    /// On the loop's thread.
    ///
    /// - Returns: nil when the loop is to end.
    func take() -> [Message]? {
        wakeUp.clear()
        return content.withLock { content in
            if content.isEnding { return nil }
            defer { content.messages = [] }
            return content.messages
        }
    }

    /// Takes what is left and accepts no more.
    func close() -> [Message] {
        content.withLock { content in
            content.isClosed = true
            defer { content.messages = [] }
            return content.messages
        }
    }
}
