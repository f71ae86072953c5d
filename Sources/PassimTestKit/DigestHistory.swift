package import PassimCore

/// The digests of what was and is in a tree that is changed by one thread and asked for by others.
package final class DigestHistory: Sendable {
    private struct State {
        var all: [Digest] = []
        var known: Set<Digest> = []
        var current: [Digest] = []
    }

    private let state = Lock(State())

    package init() {}

    /// Whatever was there at any time, each once.
    package var all: [Digest] { state.withLock { $0.all } }

    func add(_ digest: Digest) {
        state.withLock { if $0.known.insert(digest).inserted { $0.all.append(digest) } }
    }

    func setCurrent(_ digests: [Digest]) {
        state.withLock { $0.current = digests }
    }

    /// One that is there, was there a moment ago, or at some time; nil where nothing ever was.
    package func pick(using random: inout SeededGenerator) -> Digest? {
        state.withLock { state in
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5: state.current.randomElement(using: &random) ?? state.all.last
            case 5..<9: state.all.suffix(30).randomElement(using: &random)
            default: state.all.randomElement(using: &random)
            }
        }
    }
}
