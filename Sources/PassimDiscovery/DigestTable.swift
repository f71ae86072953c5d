internal import PassimCore

/// Digests in flat arrays, each in a slot that it keeps, found by their own bits: open addressing, at most
/// half full. 32 bytes and two to four slots of 4 bytes each, where a Dictionary takes more than 80.
struct DigestTable {
    typealias Slot = UInt32

    private(set) var digests: [Digest] = []
    private var vacant: [Slot] = []
    /// Slots plus one, 0 where nothing is; a power of two of them.
    private var buckets = [Slot](repeating: 0, count: 16)

    var count: Int { digests.count - vacant.count }

    /// Slots are below this.
    var slotCount: Int { digests.count }

    func slot(of digest: Digest) -> Slot? {
        let found = buckets[bucket(of: digest)]
        return found == 0 ? nil : found - 1
    }

    /// - Parameter digest: not in the table yet.
    mutating func insert(_ digest: Digest) -> Slot {
        if (count + 1) * 2 > buckets.count { grow() }
        let slot: Slot
        if let reused = vacant.popLast() {
            slot = reused
            digests[Int(slot)] = digest
        } else {
            slot = Slot(digests.count)
            digests.append(digest)
        }
        buckets[bucket(of: digest)] = slot + 1
        return slot
    }

    /// Frees a slot that is taken.
    mutating func remove(_ slot: Slot) {
        var hole = bucket(of: digests[Int(slot)])
        vacant.append(slot)
        // Digests that come behind move up, unless they are at home before the hole: no search may end early.
        var next = (hole + 1) & mask
        while buckets[next] != 0 {
            let home = self.home(of: digests[Int(buckets[next] - 1)])
            if (next &- home) & mask >= (next &- hole) & mask {
                buckets[hole] = buckets[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        buckets[hole] = 0
    }

    private var mask: Int { buckets.count - 1 }

    private func home(of digest: Digest) -> Int {
        // The bits of a digest are uniform.
        Int(truncatingIfNeeded: digest.words.1) & mask
    }

    /// The digest's bucket, or the empty one where it would be.
    private func bucket(of digest: Digest) -> Int {
        var position = home(of: digest)
        while buckets[position] != 0, digests[Int(buckets[position] - 1)] != digest {
            position = (position + 1) & mask
        }
        return position
    }

    private mutating func grow() {
        let taken = buckets.filter { $0 != 0 }
        buckets = [Slot](repeating: 0, count: buckets.count * 2)
        for entry in taken { buckets[bucket(of: digests[Int(entry - 1)])] = entry }
    }
}
