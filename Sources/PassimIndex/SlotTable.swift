/// Open addressing from a hash to 4-byte values: 5 bytes a slot, one of them a tag of 8 bits of the hash,
/// so that a probe hardly ever visits a value that is not the one sought.
///
/// It holds no keys. Whoever owns it compares (`probe`, `next`) and, when `isFull`, moves the values to a
/// larger table with the hashes it knows (`init(roomFor:)`, `insert`).
///
/// Eight slots are a group, their tags before their values: tags are compared eight at a time, and a hit
/// is in the cache line (or the pair of them) of its tag. A search goes from group to group and ends at
/// one with an empty slot.
struct SlotTable: ~Copyable {
    private var storage: UnsafeMutableRawPointer?
    private var groups: UInt32 = 0
    private(set) var count: UInt32 = 0
    /// Slots that are not empty: values and graves.
    private var used: UInt32 = 0

    private static let groupSize = 40
    private static let empty: UInt8 = 0
    private static let grave: UInt8 = 1

    /// No slots, and full.
    init() {}

    /// - Parameter count: how many values it shall hold; there is room for 2 in 5 more.
    init(roomFor count: UInt32) {
        groups = SlotTable.capacity(roomFor: count) / 8
        let size = Int(groups) * SlotTable.groupSize
        let base = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 8)
        base.initializeMemory(as: UInt8.self, repeating: SlotTable.empty, count: size)
        storage = base
    }

    /// Slots of a table that is made for so many values.
    static func capacity(roomFor count: UInt32) -> UInt32 {
        let slots = UInt64(count) * 14 / 9 + 1
        precondition(slots < 1 << 31)
        return UInt32(slots + 7) / 8 * 8
    }

    deinit { storage?.deallocate() }

    var capacity: UInt32 { groups * 8 }

    /// True if nothing can be inserted: one slot in ten stays empty, so that searches end.
    var isFull: Bool { (UInt64(used) + 1) * 10 > UInt64(capacity) * 9 }

    /// True if a smaller table would do.
    var isSparse: Bool { capacity > 64 && UInt64(count) * 4 < UInt64(capacity) }

    // MARK: - Searching

    /// The position of a search.
    struct Probe {
        fileprivate let tags: UInt64
        fileprivate var group: UInt32
        /// The top bit of each byte whose slot in this group is still to be looked at.
        fileprivate var matches: UInt64 = 0
        fileprivate var isLast = true
    }

    @inline(__always)
    func probe(_ hash: UInt64) -> Probe {
        var probe = Probe(
            tags: UInt64(SlotTable.tag(hash)) &* 0x0101_0101_0101_0101, group: home(hash))
        if groups > 0 { enter(&probe) }
        return probe
    }

    /// The next position whose value may be the one sought.
    @inline(__always)
    func next(_ probe: inout Probe) -> UInt32? {
        while probe.matches == 0 {
            if probe.isLast { return nil }
            probe.group = following(probe.group)
            enter(&probe)
        }
        let lane = UInt32(truncatingIfNeeded: probe.matches.trailingZeroBitCount) / 8
        probe.matches &= probe.matches - 1
        return probe.group * 8 + lane
    }

    @inline(__always)
    private func enter(_ probe: inout Probe) {
        let tags = tags(ofGroup: probe.group)
        probe.matches = zeroBytes(tags ^ probe.tags)
        probe.isLast = zeroBytes(tags) != 0
    }

    /// The value at a position that `next` or `nextFilled` gave.
    subscript(position: UInt32) -> UInt32 {
        @inline(__always)
        get { storage!.load(fromByteOffset: valueOffset(position), as: UInt32.self) }
        set { storage!.storeBytes(of: newValue, toByteOffset: valueOffset(position), as: UInt32.self) }
    }

    /// The first position from `start` on that holds a value, in no particular order.
    func nextFilled(from start: UInt32) -> UInt32? {
        var position = start
        while position < capacity {
            if loadTag(position) > SlotTable.grave { return position }
            position += 1
        }
        return nil
    }

    // MARK: - Changing

    /// Adds a value that is not in the table. It must not be full.
    ///
    /// - Returns: its position.
    @discardableResult
    mutating func insert(_ value: UInt32, hash: UInt64) -> UInt32 {
        precondition(!isFull, "no room")
        var group = home(hash)
        var free = freeLanes(ofGroup: group)
        while free == 0 {
            group = following(group)
            free = freeLanes(ofGroup: group)
        }
        let position = group * 8 + UInt32(truncatingIfNeeded: free.trailingZeroBitCount) / 8
        if loadTag(position) == SlotTable.empty { used += 1 }
        storeTag(SlotTable.tag(hash), position)
        self[position] = value
        count += 1
        return position
    }

    /// Takes the value at `position` out; the others keep their positions.
    mutating func remove(at position: UInt32) {
        precondition(loadTag(position) > SlotTable.grave, "nothing there")
        count -= 1
        if count == 0 {
            self = SlotTable()
        } else if zeroBytes(tags(ofGroup: position / 8)) != 0 {
            // Searches end in this group anyway.
            storeTag(SlotTable.empty, position)
            used -= 1
        } else {
            storeTag(SlotTable.grave, position)
        }
    }

    // MARK: - Places

    @inline(__always)
    private func home(_ hash: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: ((hash >> 32) &* UInt64(groups)) >> 32)
    }

    @inline(__always)
    private func following(_ group: UInt32) -> UInt32 { group + 1 == groups ? 0 : group + 1 }

    @inline(__always)
    private static func tag(_ hash: UInt64) -> UInt8 {
        let byte = UInt8(truncatingIfNeeded: hash)
        return byte > grave ? byte : byte | 0x80
    }

    @inline(__always)
    private func tags(ofGroup group: UInt32) -> UInt64 {
        precondition(group < groups)
        return UInt64(
            littleEndian: storage!.load(fromByteOffset: Int(group) * SlotTable.groupSize, as: UInt64.self))
    }

    private func freeLanes(ofGroup group: UInt32) -> UInt64 {
        let tags = tags(ofGroup: group)
        return zeroBytes(tags) | zeroBytes(tags ^ (UInt64(SlotTable.grave) &* 0x0101_0101_0101_0101))
    }

    @inline(__always)
    private func valueOffset(_ position: UInt32) -> Int {
        precondition(position < capacity)
        return Int(position / 8) * SlotTable.groupSize + 8 + Int(position % 8) * 4
    }

    private func tagOffset(_ position: UInt32) -> Int {
        precondition(position < capacity)
        return Int(position / 8) * SlotTable.groupSize + Int(position % 8)
    }

    private func loadTag(_ position: UInt32) -> UInt8 {
        storage!.load(fromByteOffset: tagOffset(position), as: UInt8.self)
    }

    private func storeTag(_ tag: UInt8, _ position: UInt32) {
        storage!.storeBytes(of: tag, toByteOffset: tagOffset(position), as: UInt8.self)
    }
}

/// The top bit of each byte that is zero.
@inline(__always)
private func zeroBytes(_ word: UInt64) -> UInt64 {
    let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
    return ~((word & low) &+ low | word | low)
}
