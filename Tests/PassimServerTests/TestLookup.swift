import PassimCore

/// Answers when the test says so.
final class TestLookup: PeerLookup {
    private struct State {
        var answers: [Digest: ServingPlace?] = [:]
        var waiting:
            [(number: Int, digest: Digest, continuation: CheckedContinuation<ServingPlace?, Never>)] = []
        var asked: [Digest] = []
        var cancelled: [Digest] = []
        /// Before they began to wait.
        var gone: Set<Int> = []
    }

    private let state = Lock(State())

    var asked: [Digest] { state.withLock { $0.asked } }
    var cancelled: [Digest] { state.withLock { $0.cancelled } }

    func answer(_ digest: Digest, _ peer: Peer?) {
        answer(digest, place: peer.map { .peer($0) })
    }

    func answer(_ digest: Digest, place: ServingPlace?) {
        let waiting = state.withLock { state in
            state.answers[digest] = .some(place)
            let found = state.waiting.filter { $0.digest == digest }
            state.waiting.removeAll { $0.digest == digest }
            return found
        }
        for waiter in waiting { waiter.continuation.resume(returning: place) }
    }

    func lookUp(_ digest: Digest, client: LookupClient) async -> ServingPlace? {
        let number = state.withLock { state in
            state.asked.append(digest)
            return state.asked.count
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: ServingPlace?? = state.withLock { state in
                    if let answer = state.answers[digest] { return answer }
                    if state.gone.contains(number) { return .some(nil) }
                    state.waiting.append((number, digest, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.cancelled.append(digest)
                state.gone.insert(number)
                return state.waiting.firstIndex { $0.number == number }.map { state.waiting.remove(at: $0) }
            }
            waiter?.continuation.resume(returning: nil)
        }
    }
}
