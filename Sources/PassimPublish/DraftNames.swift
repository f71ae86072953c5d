internal import PassimCore

/// The names of drafts that need one. They have no `-` before which a digest could be, and so are none of an item,
/// whoever reads the directory.
struct DraftNames {
    private static let common = Array(".passim.".utf8)
    /// The mark of one store.
    private let mark = hex(UInt32.random(in: 0...UInt32.max))

    /// In the directory of items.
    func newName() -> RawName {
        RawName(bytes: DraftNames.common + mark + hex(UInt32.random(in: 0...UInt32.max)))
    }

    /// In the parent of a directory of items: stores of others may have theirs there too.
    func newName(beside directory: String) -> RawName {
        RawName(
            bytes: DraftNames.start(beside: directory) + newName().bytes.dropFirst(DraftNames.common.count))
    }

    private static func start(beside directory: String) -> [UInt8] {
        // With the draft's number it must not be longer than a name may be.
        common + RawName(directory).basename.bytes.prefix(128) + [UInt8(ascii: ".")]
    }

    /// True if another store has left this in the directory of items.
    func isLeftover(_ name: RawName) -> Bool { isLeftover(name, after: DraftNames.common) }

    /// True if another store of that directory has left this in the directory's parent.
    func isLeftover(_ name: RawName, beside directory: String) -> Bool {
        isLeftover(name, after: DraftNames.start(beside: directory))
    }

    private func isLeftover(_ name: RawName, after start: [UInt8]) -> Bool {
        let number = name.bytes.dropFirst(start.count)
        return name.bytes.count == start.count + 16 && name.bytes.starts(with: start)
            && !number.starts(with: mark) && number.allSatisfy { hexValue($0) != 0xFF }
    }
}

private func hex(_ number: UInt32) -> [UInt8] {
    let digits = Array(String(number, radix: 16).utf8)
    return Array(repeating: UInt8(ascii: "0"), count: 8 - digits.count) + digits
}
