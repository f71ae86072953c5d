internal import PassimCore
internal import PassimDiscovery
internal import PassimIndex

/// Digests of the numbers from one to another, in a real index.
final class NumberedDigests: AdvertisedSource {
    private let index = DigestIndex()
    private let range: Lock<ClosedRange<Int>>
    private let awaited: Int

    /// Those of 1 to `count`, of which there may be none; `awaited` are still to come, as it is told.
    init(_ count: Int, awaited: Int = 0) {
        self.awaited = awaited
        range = Lock(0...count)
        for start in stride(from: 1, through: count, by: 1000) {
            index.apply((start...min(start + 999, count)).map { insertion($0) })
        }
    }

    func add() -> Digest {
        let number = range.withLock { range in
            range = range.lowerBound...(range.upperBound + 1)
            return range.upperBound
        }
        index.apply([insertion(number)])
        return Digest(numbered: number)
    }

    func removeOldest() -> Digest {
        let number = range.withLock { range in
            range = (range.lowerBound + 1)...max(range.lowerBound + 1, range.upperBound)
            return range.lowerBound
        }
        index.apply([.remove(directory: directory(number), name: RawName("\(number)"))])
        return Digest(numbered: number)
    }

    var count: Int { index.digestCount }

    var expectedCount: Int { count + awaited }

    func newest(limit: Int) -> (newest: [Digest], total: Int) {
        let range = range.withLock { $0 }
        let numbers = ((range.lowerBound + 1)..<(range.upperBound + 1)).suffix(limit)
        return (numbers.reversed().map { Digest(numbered: $0) }, range.count - 1)
    }

    func contains(_ prefix: DigestPrefix) -> Bool { index.contains(prefix) { _ in true } }

    private func insertion(_ number: Int) -> Change {
        let time = Timestamp(seconds: Int64(number), nanoseconds: 0)
        let identity = FileIdentity(device: 1, inode: UInt64(number), size: 1, modified: time, changed: time)
        return .insert(
            directory: directory(number), name: RawName("\(number)"), digest: Digest(numbered: number),
            identity: identity, flags: [])
    }

    private func directory(_ number: Int) -> DirectoryID {
        index.directory(origin: OriginID(1), path: RawName("directory \(number / 100)"))
    }
}
