internal import PassimCore
internal import PassimSystem

/// A lock for each digest whose content is being added or removed: a second thread waits for the first, and
/// then sees what came of it.
final class DigestLocks: Sendable {
    private let held = Lock<Set<Digest>>([])
    private let eventCount = EventCount()

    /// May wait for as long as another body with the same digest takes. Not reentrant; a body holds one lock.
    func withLock<Result, Failure: Error>(
        _ digest: Digest, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        while true {
            let ticket = eventCount.ticket()
            if held.withLock({ $0.insert(digest).inserted }) { break }
            eventCount.wait(after: ticket, until: nil)
        }
        defer {
            _ = held.withLock { $0.remove(digest) }
            eventCount.notify(all: true)
        }
        return try body()
    }
}
