internal import PassimCore
internal import PassimSystem

/// Names of one directory in one piece of memory: a million of them cost little more than their bytes.
final class NameBlock: Sendable {
    let directory: DirectoryNode
    /// For each name: its kind, its bytes, a NUL.
    private let bytes: [UInt8]
    let count: Int

    init(directory: DirectoryNode, bytes: [UInt8], count: Int) {
        self.directory = directory
        self.bytes = bytes
        self.count = count
    }

    /// No names: stands for the directory itself.
    convenience init(directory: DirectoryNode) {
        self.init(directory: directory, bytes: [], count: 0)
    }

    func name(at offset: UInt32) -> RawName {
        let start = Int(offset) + 1
        // Each name ends with a NUL.
        return RawName(bytes: Array(bytes[start..<bytes[start...].firstIndex(of: 0)!]))
    }

    /// Each name from `offset` on, with its own offset; until `body` returns false.
    func forEach(from offset: UInt32 = 0, _ body: (UInt32, RawName, DirectoryListing.Kind) -> Bool) {
        var position = Int(offset)
        while position < bytes.count {
            let end = bytes[(position + 1)...].firstIndex(of: 0)!
            let name = RawName(bytes: Array(bytes[(position + 1)..<end]))
            if !body(UInt32(position), name, NameBlock.kind(bytes[position])) { return }
            position = end + 1
        }
    }

    static func byte(_ kind: DirectoryListing.Kind) -> UInt8 {
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
