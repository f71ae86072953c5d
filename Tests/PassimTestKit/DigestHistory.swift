package import PassimCore

/// The digests of what was and is in a tree that is changed by one thread and asked for by others.
package final class DigestHistory: Sendable {
    private struct State {
        var all: [Digest] = []
        var known: Set<Digest> = []
        var current: [Digest] = []
        /// Of files that take a while to be sent.
        var large: [Digest] = []
    }

    private let state = Lock(State())

    package init() {}

    /// Whatever was there at any time, each once.
    package var all: [Digest] { state.withLock { $0.all } }

    /// - Parameter size: of the content in bytes.
    func add(_ digest: Digest, size: UInt64) {
        state.withLock { state in
            guard state.known.insert(digest).inserted else { return }
            state.all.append(digest)
            if size > DigestHistory.large { state.large.append(digest) }
        }
    }

    /// More than sockets hold: whoever reads slowly has the server wait with the rest.
    static let large: UInt64 = 5 << 20

    func setCurrent(_ digests: [Digest]) {
        state.withLock { $0.current = digests }
    }

    /// One that is there, was there a moment ago, or at some time; nil where nothing ever was.
    package func pick(using random: inout SeededGenerator) -> Digest? {
        state.withLock { state in
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<55: state.current.randomElement(using: &random) ?? state.all.last
            case 55..<90: state.all.suffix(30).randomElement(using: &random)
            case 90..<92: state.large.suffix(8).randomElement(using: &random) ?? state.all.last
            default: state.all.randomElement(using: &random)
            }
        }
    }
}
