internal import PassimCore
internal import PassimSystem

/// Names of one directory in one piece of memory: a million of them cost little more than their bytes.
final class NameBlock: Sendable {
    let node: Node
    /// The scan that waits for what comes of them.
    let scan: Scan?
    /// The generation of the rules by which they were selected.
    let rules: UInt64
    /// How long nobody must have written a file of them before it is read, in nanoseconds.
    let rest: Int64
    /// For each name: its kind, its bytes, a NUL.
    private let bytes: [UInt8]
    let count: Int

    fileprivate init(
        node: Node, scan: Scan?, rules: UInt64, rest: Int64, bytes: [UInt8], count: Int
    ) {
        self.node = node
        self.scan = scan
        self.rules = rules
        self.rest = rest
        self.bytes = bytes
        self.count = count
    }

    func name(at offset: UInt32) -> RawName {
        let start = Int(offset) + 1
        // Each name ends with a NUL.
        return RawName(bytes: Array(bytes[start..<bytes[start...].firstIndex(of: 0)!]))
    }

    func forEach(_ body: (RawName, DirectoryListing.Kind) -> Void) {
        var position = 0
        while position < bytes.count {
            let end = bytes[(position + 1)...].firstIndex(of: 0)!
            body(RawName(bytes: Array(bytes[(position + 1)..<end])), NameBlock.kind(bytes[position]))
            position = end + 1
        }
    }

    fileprivate static func byte(_ kind: DirectoryListing.Kind) -> UInt8 {
        switch kind {
        case .regular: 0
        case .directory: 1
        case .symbolicLink: 2
        case .other: 3
        case .unknown: 4
        }
    }

    private static func kind(_ byte: UInt8) -> DirectoryListing.Kind {
        switch byte {
        case 0: .regular
        case 1: .directory
        case 2: .symbolicLink
        case 3: .other
        default: .unknown
        }
    }
}

/// Gathers names into blocks of at most `Limits.batchSize`.
struct NameCollector {
    private let node: Node
    private let scan: Scan?
    private let rules: UInt64
    private let rest: Int64
    private var bytes: [UInt8] = []
    private var count = 0
    /// The full ones.
    private var blocks: [NameBlock] = []

    init(_ node: Node, scan: Scan?, rules: UInt64, rest: Int64) {
        self.node = node
        self.scan = scan
        self.rules = rules
        self.rest = rest
    }

    /// - Returns: the name's offset in the block that is being filled.
    @discardableResult
    mutating func add(_ name: UnsafeRawBufferPointer, _ kind: DirectoryListing.Kind) -> UInt32 {
        if count == Limits.batchSize { seal() }
        let offset = UInt32(bytes.count)
        bytes.append(NameBlock.byte(kind))
        bytes.append(contentsOf: name)
        bytes.append(0)
        count += 1
        return offset
    }

    @discardableResult
    mutating func add(_ name: RawName, _ kind: DirectoryListing.Kind) -> UInt32 {
        name.bytes.withUnsafeBytes { add($0, kind) }
    }

    /// All blocks, the last one too.
    mutating func finish() -> [NameBlock] {
        if count > 0 { seal() }
        defer { blocks = [] }
        return blocks
    }

    private mutating func seal() {
        // To size: what grew by doubling would keep up to as much again for as long as the names wait.
        let exact = [UInt8](unsafeUninitializedCapacity: bytes.count) { buffer, filled in
            filled = buffer.initialize(fromContentsOf: bytes)
        }
        blocks.append(NameBlock(node: node, scan: scan, rules: rules, rest: rest, bytes: exact, count: count))
        bytes.removeAll(keepingCapacity: true)
        count = 0
    }
}
