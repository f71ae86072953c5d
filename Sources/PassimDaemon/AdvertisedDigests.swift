internal import PassimCore
internal import PassimDiscovery
internal import PassimIndex

/// Which digests other machines are to find: those of which at least one file is served and belongs to a
/// drop-in that advertises.
final class AdvertisedDigests: Sendable {
    private let index: DigestIndex
    private let awaited: @Sendable (_ hidden: Set<OriginID>) -> Int
    private struct Hiding {
        /// Origins with `Advertise=false`.
        var origins: Set<OriginID> = []
        var onChange: (@Sendable () -> Void)?
    }
    private let hiding = Lock(Hiding())
    private var hidden: Set<OriginID> { hiding.withLock { $0.origins } }

    /// - Parameter awaited: how many files wait to be hashed, besides those of hidden origins.
    init(index: DigestIndex, awaited: @escaping @Sendable (_ hidden: Set<OriginID>) -> Int = { _ in 0 }) {
        self.index = index
        self.awaited = awaited
    }

    /// From now on nothing of these origins is advertised, and those who advertise are told.
    func replaceHidden(_ origins: Set<OriginID>) {
        let onChange = hiding.withLock { hiding in
            defer { hiding.origins = origins }
            return hiding.origins == origins ? nil : hiding.onChange
        }
        onChange?()
    }

    /// Calls `body` when the hidden origins change. An advertiser sets it before it first asks for the digests, so
    /// that no change goes unnoticed.
    ///
    /// - Parameter body: called on the thread of who hides; nil ends it.
    func whenHiddenChange(_ body: (@Sendable () -> Void)?) {
        hiding.withLock { $0.onChange = body }
    }

    func contains(_ digest: Digest) -> Bool {
        let hidden = hidden
        // The enabled ones come first, and mostly it is one.
        if let first = index.find(digest), isAdvertised(first, hidden) { return true }
        return index.entries(digest).contains { isAdvertised($0, hidden) }
    }

    private func isAdvertised(_ entry: Entry, _ hidden: Set<OriginID>) -> Bool {
        !entry.flags.contains(.disabled) && !hidden.contains(entry.origin)
    }

    /// Digests of disabled items are counted too, and some digests twice if there are hidden origins.
    var count: Int {
        let hidden = hidden
        let files = hidden.reduce(index.count) { $0 - index.totals(origin: $1).files }
        return min(index.digestCount, max(0, files))
    }

    var expectedCount: Int { count + awaited(hidden) }

    func contains(_ prefix: DigestPrefix) -> Bool {
        let hidden = hidden
        return index.contains(prefix) { isAdvertised($0, hidden) }
    }

    /// The digests of the files that have come or changed last (ctime), newest first. What is kept meanwhile are
    /// those that are wanted, not all that there are.
    func newest(limit: Int) -> (newest: [Digest], total: Int) {
        let hidden = hidden
        var newest = NewestDigests(limit: limit)
        index.forEachDigest(where: { isAdvertised($0, hidden) }) { digest, changed in
            newest.offer(digest, changed: changed)
        }
        return (newest.sorted(), newest.offered)
    }
}

extension AdvertisedDigests: AdvertisedSource {}
