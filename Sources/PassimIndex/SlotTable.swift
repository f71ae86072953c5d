/// Open addressing from a hash to 4-byte values: 5 bytes a slot, one of them a tag of 8 bits of the hash,
/// so that a probe hardly ever visits a value that is not the one sought.
///
/// It holds no keys. Whoever owns it compares (`probe`, `next`) and, when `isFull`, moves the values to a
/// larger table with the hashes it knows (`init(roomFor:)`, `insert`).
struct SlotTable: ~Copyable {
    /// `capacity` values, then `capacity` tags.
    private var storage: UnsafeMutableRawPointer?
    private(set) var capacity: UInt32 = 0
    private(set) var count: UInt32 = 0
    /// Slots that end no probe: values and graves.
    private var used: UInt32 = 0

    private static let empty: UInt8 = 0
    private static let grave: UInt8 = 1

    /// No slots, and full.
    init() {}

    /// - Parameter count: how many values it shall hold; there is room for half as many more.
    init(roomFor count: UInt32) {
        let slots = max(4, UInt64(count) * 12 / 7 + 1)
        precondition(slots <= UInt64(UInt32.max))
        capacity = UInt32(slots)
        let base = UnsafeMutableRawPointer.allocate(byteCount: Int(capacity) * 5, alignment: 4)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: Int(capacity) * 5)
        storage = base
    }

    deinit { storage?.deallocate() }

    /// Whether nothing can be inserted. A probe ends at an empty slot, so one slot in eight stays empty.
    var isFull: Bool { (UInt64(used) + 1) * 8 > UInt64(capacity) * 7 }

    /// Whether a smaller table would do.
    var isSparse: Bool { capacity > 64 && UInt64(count) * 4 < UInt64(capacity) }

    /// Where a search is.
    struct Probe {
        fileprivate var position: UInt32
        fileprivate let tag: UInt8
    }

    @inline(__always)
    func probe(_ hash: UInt64) -> Probe {
        Probe(position: home(hash), tag: SlotTable.tag(hash))
    }

    /// The next position whose value may be the one sought.
    @inline(__always)
    func next(_ probe: inout Probe) -> UInt32? {
        guard let storage else { return nil }
        let tags = storage + Int(capacity) * 4
        var position = probe.position
        while true {
            let tag = tags.load(fromByteOffset: Int(position), as: UInt8.self)
            if tag == SlotTable.empty {
                probe.position = position
                return nil
            }
            let candidate = position
            position &+= 1
            if position == capacity { position = 0 }
            if tag == probe.tag {
                probe.position = position
                return candidate
            }
        }
    }

    /// The value at a position that `next` or `nextFilled` gave.
    subscript(position: UInt32) -> UInt32 {
        @inline(__always)
        get {
            precondition(position < capacity)
            return storage!.load(fromByteOffset: Int(position) * 4, as: UInt32.self)
        }
        set {
            precondition(position < capacity)
            storage!.storeBytes(of: newValue, toByteOffset: Int(position) * 4, as: UInt32.self)
        }
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

    /// Adds a value that is not in the table. It must not be full.
    mutating func insert(_ value: UInt32, hash: UInt64) {
        precondition(!isFull, "no room")
        var position = home(hash)
        while loadTag(position) > SlotTable.grave {
            position &+= 1
            if position == capacity { position = 0 }
        }
        if loadTag(position) == SlotTable.empty { used += 1 }
        storeTag(SlotTable.tag(hash), position)
        self[position] = value
        count += 1
    }

    /// Takes the value at `position` out; the others keep their positions.
    mutating func remove(at position: UInt32) {
        precondition(loadTag(position) > SlotTable.grave, "nothing there")
        count -= 1
        if count == 0 {
            self = SlotTable()
            return
        }
        let following = position + 1 == capacity ? 0 : position + 1
        if loadTag(following) == SlotTable.empty {
            storeTag(SlotTable.empty, position)
            used -= 1
        } else {
            storeTag(SlotTable.grave, position)
        }
    }

    @inline(__always)
    private func home(_ hash: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: ((hash >> 32) &* UInt64(capacity)) >> 32)
    }

    @inline(__always)
    private static func tag(_ hash: UInt64) -> UInt8 {
        let byte = UInt8(truncatingIfNeeded: hash)
        return byte > grave ? byte : byte | 0x80
    }

    @inline(__always)
    private func loadTag(_ position: UInt32) -> UInt8 {
        precondition(position < capacity)
        return storage!.load(fromByteOffset: Int(capacity) * 4 + Int(position), as: UInt8.self)
    }

    private func storeTag(_ tag: UInt8, _ position: UInt32) {
        precondition(position < capacity)
        storage!.storeBytes(of: tag, toByteOffset: Int(capacity) * 4 + Int(position), as: UInt8.self)
    }
}
