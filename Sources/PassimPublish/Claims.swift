internal import PassimCore
internal import PassimSystem

/// Contents that somebody is adding or removing just now: who comes second waits for the first to end, and then
/// sees what came of it.
final class Claims: Sendable {
    private let held = Lock<Set<Digest>>([])
    private let bell = Doorbell()

    /// May wait for as long as another body with the same digest takes. Not reentrant; a body holds one claim.
    func hold<Result, Failure: Error>(
        _ digest: Digest, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        while true {
            let ticket = bell.ticket()
            if held.withLock({ $0.insert(digest).inserted }) { break }
            bell.wait(after: ticket, until: nil)
        }
        defer {
            _ = held.withLock { $0.remove(digest) }
            bell.ring(everyone: true)
        }
        return try body()
    }
}
