/// A `SlotTable` that grows by a small piece at a time, so that nobody waits while a large one is rebuilt: extendible
/// hashing (Fagin, Nievergelt, Pippenger, Strong: Extendible Hashing, ACM TODS 4, 1979).
///
/// The values are in buckets of some hundred, each a `SlotTable`; bits of the hash choose the bucket. A full one is split
/// in two by the next bit. One bucket has no directory: a small table takes little more than a `SlotTable`.
///
/// A position is the number of a bucket, and below it the position in that.
struct ExtendibleTable: ~Copyable {
    // Not private: the compiler (6.3.1) then loses its metadata.
    struct Bucket: ~Copyable {
        var slots = SlotTable()
        /// How many bits of the hash its values have in common.
        var depth: UInt32 = 0
        /// Goes up when positions in it change.
        var revision: UInt32 = 0
    }

    /// Bucket 0, and those from 1 on.
    private var first = Bucket()
    private var others: [Box<Bucket>] = []
    /// The bucket for each value of `depth` bits; empty while there is one bucket.
    private var directory: [UInt32] = []
    private var depth: UInt32 = 0
    private(set) var count: UInt32 = 0

    /// A full bucket of so many values is split: rehashing them takes less than a millisecond.
    static let splitCount: UInt32 = 512
    /// Bits of a position within a bucket.
    private static let slotBits: UInt32 = 11
    private static let mostSlots: UInt32 = 1 << slotBits
    private static let mostBuckets = 1 << 21
    /// The tag takes the lowest 8 bits of a hash, the place in a bucket the upper 32; between them is room for 24.
    private static let deepest: UInt32 = 24

    init() {}

    /// Values that have got other positions.
    struct Moves {
        /// Positions that they had, and of which none means now what it did.
        var cleared: Range<UInt32>
        var values: [(old: UInt32, new: UInt32)] = []
    }

    // MARK: - Searching

    struct Probe {
        fileprivate let bucket: UInt32
        fileprivate var inner: SlotTable.Probe
    }

    @inline(__always)
    func probe(_ hash: UInt64) -> Probe {
        let number = bucket(of: hash)
        if number == 0 { return Probe(bucket: 0, inner: first.slots.probe(hash)) }
        return Probe(bucket: number, inner: others[Int(number) - 1].value.slots.probe(hash))
    }

    /// The next position whose value may be the one sought.
    @inline(__always)
    func next(_ probe: inout Probe) -> UInt32? {
        let number = probe.bucket
        let slot: UInt32?
        if number == 0 {
            slot = first.slots.next(&probe.inner)
        } else {
            slot = others[Int(number) - 1].value.slots.next(&probe.inner)
        }
        return slot.map { number << ExtendibleTable.slotBits | $0 }
    }

    /// The value at a position that `next` gave.
    subscript(position: UInt32) -> UInt32 {
        get {
            let (number, slot) = ExtendibleTable.parts(of: position)
            return number == 0 ? first.slots[slot] : others[Int(number) - 1].value.slots[slot]
        }
        set {
            let (number, slot) = ExtendibleTable.parts(of: position)
            if number == 0 {
                first.slots[slot] = newValue
            } else {
                others[Int(number) - 1].value.slots[slot] = newValue
            }
        }
    }

    /// A walk over all values. Those that are there from its beginning to its end are met, some more than once where
    /// buckets are split or rebuilt meanwhile.
    struct Cursor {
        fileprivate var position: UInt32 = 0
        fileprivate var revision: UInt32 = 0

        fileprivate var bucket: UInt32 { position >> ExtendibleTable.slotBits }
    }

    /// The next position that holds a value, in no particular order.
    func next(_ cursor: inout Cursor) -> UInt32? {
        if cursor.bucket > others.count { cursor = Cursor() }
        var number = cursor.bucket
        if revision(of: number) != cursor.revision {
            cursor.position = number << ExtendibleTable.slotBits
            cursor.revision = revision(of: number)
        }
        while true {
            let start = cursor.position & (ExtendibleTable.mostSlots - 1)
            let slot =
                number == 0
                ? first.slots.nextFilled(from: start)
                : others[Int(number) - 1].value.slots.nextFilled(from: start)
            if let slot {
                let position = number << ExtendibleTable.slotBits | slot
                cursor.position = position + 1
                return position
            }
            // A bucket that is split puts what it gives away behind all others.
            guard Int(number) < others.count else { return nil }
            number += 1
            cursor.position = number << ExtendibleTable.slotBits
            cursor.revision = revision(of: number)
        }
    }

    // MARK: - Changing

    /// Makes room for one more value, in the bucket that it belongs to: the others stay as they are.
    ///
    /// - Parameters:
    ///   - hash: of the value to come.
    ///   - rehash: the hash of a value that is there.
    ///   - onMove: called with the values that have other positions then.
    /// - Returns: false where there can be none.
    mutating func makeRoom(
        for hash: UInt64, rehash: (UInt32) -> UInt64, onMove: ((Moves) -> Void)? = nil
    ) -> Bool {
        while true {
            let number = bucket(of: hash)
            let (isFull, count) = fill(of: number)
            if !isFull { return true }
            if count >= ExtendibleTable.splitCount, split(number, hash, rehash, onMove) { continue }
            guard ExtendibleTable.slots(for: count) <= ExtendibleTable.mostSlots else { return false }
            rebuild(number, rehash, onMove)
        }
    }

    /// Adds a value that is not in the table, after `makeRoom`.
    ///
    /// - Returns: its position.
    @discardableResult
    mutating func insert(_ value: UInt32, hash: UInt64) -> UInt32 {
        let number = bucket(of: hash)
        count += 1
        let slot =
            number == 0
            ? first.slots.insert(value, hash: hash)
            : others[Int(number) - 1].value.slots.insert(value, hash: hash)
        return number << ExtendibleTable.slotBits | slot
    }

    /// Takes the value at `position` out; the others keep their positions.
    mutating func remove(at position: UInt32) {
        let (number, slot) = ExtendibleTable.parts(of: position)
        count -= 1
        if number == 0 {
            first.slots.remove(at: slot)
        } else {
            others[Int(number) - 1].value.slots.remove(at: slot)
        }
    }

    /// Gives back what removals have left empty, of the buckets that a walk has gone through.
    ///
    /// - Parameters:
    ///   - start: where the walk was.
    ///   - end: where it is; nil at its end.
    mutating func trim(
        from start: Cursor, to end: Cursor?, rehash: (UInt32) -> UInt64, onMove: ((Moves) -> Void)?
    ) {
        if end == nil, depth > 0, count <= ExtendibleTable.splitCount / 2 { return collapse(rehash, onMove) }
        let limit = min(end?.bucket ?? .max, UInt32(others.count) + 1)
        for number in start.bucket..<max(start.bucket, limit) {
            let isSparse = number == 0 ? first.slots.isSparse : others[Int(number) - 1].value.slots.isSparse
            if isSparse { rebuild(number, rehash, onMove) }
        }
    }

    // MARK: - Buckets

    private mutating func rebuild(
        _ number: UInt32, _ rehash: (UInt32) -> UInt64, _ onMove: ((Moves) -> Void)?
    ) {
        let old = take(number)
        var fresh = SlotTable(roomFor: old.count)
        var moves = ExtendibleTable.moves(from: number)
        let base = number << ExtendibleTable.slotBits
        var position: UInt32 = 0
        while let filled = old.nextFilled(from: position) {
            let place = fresh.insert(old[filled], hash: rehash(old[filled]))
            if onMove != nil { moves.values.append((base | filled, base | place)) }
            position = filled + 1
        }
        put(fresh, number)
        onMove?(moves)
    }

    /// - Parameter hash: of a value of this bucket.
    /// - Returns: false where it cannot be split.
    private mutating func split(
        _ number: UInt32, _ hash: UInt64, _ rehash: (UInt32) -> UInt64, _ onMove: ((Moves) -> Void)?
    ) -> Bool {
        let bit = number == 0 ? first.depth : others[Int(number) - 1].value.depth
        let new = UInt32(others.count) + 1
        guard bit < ExtendibleTable.deepest, new < ExtendibleTable.mostBuckets else { return false }
        let old = take(number)
        var hashes: [(position: UInt32, hash: UInt64)] = []
        hashes.reserveCapacity(Int(old.count))
        var position: UInt32 = 0
        while let filled = old.nextFilled(from: position) {
            hashes.append((filled, rehash(old[filled])))
            position = filled + 1
        }
        func goes(_ hash: UInt64) -> Bool { hash >> UInt64(8 + bit) & 1 == 1 }
        let going = UInt32(hashes.count { goes($0.hash) })
        let staying = old.count - going
        guard ExtendibleTable.slots(for: max(going, staying)) <= ExtendibleTable.mostSlots else {
            // No hash that is one has most of its values on one side again and again.
            put(old, number)
            return false
        }
        var stay = SlotTable(roomFor: staying)
        var go = SlotTable(roomFor: going)
        var moves = ExtendibleTable.moves(from: number)
        for (position, hash) in hashes {
            let place =
                goes(hash)
                ? new << ExtendibleTable.slotBits | go.insert(old[position], hash: hash)
                : number << ExtendibleTable.slotBits | stay.insert(old[position], hash: hash)
            if onMove != nil { moves.values.append((number << ExtendibleTable.slotBits | position, place)) }
        }
        put(stay, number)
        others.append(Box(Bucket(slots: go, depth: bit + 1)))
        if number == 0 { first.depth = bit + 1 } else { others[Int(number) - 1].value.depth = bit + 1 }
        point(to: new, hash, bit)
        onMove?(moves)
        return true
    }

    /// Enters a new bucket in the directory: for all hashes that have the bits below `bit` in common with `hash`, and a 1
    /// there.
    private mutating func point(to new: UInt32, _ hash: UInt64, _ bit: UInt32) {
        if bit == depth {
            directory = directory.isEmpty ? [0, 0] : directory + directory
            depth += 1
        }
        let step = 1 << Int(bit)
        let common = Int(truncatingIfNeeded: hash >> 8) & (step - 1)
        for index in stride(from: common | step, to: directory.count, by: 2 * step) { directory[index] = new }
    }

    /// All values in one bucket.
    private mutating func collapse(_ rehash: (UInt32) -> UInt64, _ onMove: ((Moves) -> Void)?) {
        var fresh = SlotTable(roomFor: count)
        var moves = Moves(cleared: 0..<(UInt32(others.count) + 1) << ExtendibleTable.slotBits)
        var cursor = Cursor()
        while let position = next(&cursor) {
            let place = fresh.insert(self[position], hash: rehash(self[position]))
            if onMove != nil { moves.values.append((position, place)) }
        }
        others = []
        directory = []
        depth = 0
        first.depth = 0
        put(fresh, 0)
        onMove?(moves)
    }

    private mutating func take(_ number: UInt32) -> SlotTable {
        var slots = SlotTable()
        if number == 0 {
            swap(&slots, &first.slots)
        } else {
            swap(&slots, &others[Int(number) - 1].value.slots)
        }
        return slots
    }

    private mutating func put(_ slots: consuming SlotTable, _ number: UInt32) {
        if number == 0 {
            first.slots = slots
            first.revision &+= 1
        } else {
            others[Int(number) - 1].value.slots = slots
            others[Int(number) - 1].value.revision &+= 1
        }
    }

    private func bucket(of hash: UInt64) -> UInt32 {
        depth == 0 ? 0 : directory[Int(truncatingIfNeeded: hash >> 8) & (1 << Int(depth) - 1)]
    }

    private func revision(of number: UInt32) -> UInt32 {
        number == 0 ? first.revision : others[Int(number) - 1].value.revision
    }

    private func fill(of number: UInt32) -> (isFull: Bool, count: UInt32) {
        if number == 0 { return (first.slots.isFull, first.slots.count) }
        let bucket = others[Int(number) - 1]
        return (bucket.value.slots.isFull, bucket.value.slots.count)
    }

    private static func moves(from number: UInt32) -> Moves {
        Moves(cleared: number << slotBits..<(number + 1) << slotBits)
    }

    private static func parts(of position: UInt32) -> (bucket: UInt32, slot: UInt32) {
        (position >> slotBits, position & (mostSlots - 1))
    }

    /// Slots of a `SlotTable` with room for so many values.
    private static func slots(for count: UInt32) -> UInt32 { SlotTable.capacity(roomFor: count) }
}
