internal import Glibc
package import PassimCore

/// A PULP_MANIFEST: the files of a source, in the order of their paths. About 50 bytes a file and its path.
package struct Manifest: Sendable {
    /// A file.
    package struct Entry: Hashable, Sendable {
        package var path: RawName
        package var digest: Digest
        /// Bytes.
        package var size: UInt64
    }

    /// A line that is refused.
    package struct Fault: Hashable, Sendable {
        /// From 1; nil where it is about several.
        package var line: Int?
        /// The line as it was written; cut short.
        package var text: RawName
        package var reason: String
    }

    /// Faults that are kept of one manifest.
    static let mostFaults = 20
    private static let blockBits: UInt32 = 18

    /// The paths in the order of the lines, in blocks: one memory that grows would be there twice each time.
    private var blocks: [[UInt8]] = []
    /// Starts of the paths: the block's number above `Manifest.blockBits` bits of place.
    private var starts: [UInt32] = []
    private var lengths: [UInt16] = []
    private var digests: [Digest] = []
    private var sizes: [UInt64] = []
    /// By path.
    private var order: [UInt32] = []
    /// The first ones.
    package private(set) var faults: [Fault] = []
    package private(set) var faultCount = 0

    package var count: Int { order.count }

    /// - Parameter position: in the order of the paths.
    package subscript(position: Int) -> Entry {
        let line = Int(order[position])
        return Entry(
            path: RawName(bytes: Array(self.path(line))), digest: digests[line], size: sizes[line])
    }

    /// The file with this path, by its position.
    package func position(of path: RawName) -> Int? {
        var low = 0
        var high = order.count
        while low < high {
            let middle = (low + high) / 2
            if precedes(Int(order[middle]), path.bytes) { low = middle + 1 } else { high = middle }
        }
        guard low < order.count, self.path(Int(order[low])).elementsEqual(path.bytes) else { return nil }
        return low
    }

    /// True if the file is a `.jcat`: without making a value of its path.
    func isSignature(_ position: Int) -> Bool {
        let path = path(Int(order[position]))
        return path.count > 5 && path.suffix(5).elementsEqual(".jcat".utf8)
    }

    private func path(_ line: Int) -> ArraySlice<UInt8> {
        let (block, place) = place(line)
        return blocks[block][place..<place + Int(lengths[line])]
    }

    private func place(_ line: Int) -> (block: Int, place: Int) {
        (Int(starts[line] >> Manifest.blockBits), Int(starts[line] & (1 << Manifest.blockBits - 1)))
    }

    private func lend<Result>(_ line: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let (block, place) = place(line)
        return blocks[block].withUnsafeBytes { bytes in
            body(UnsafeRawBufferPointer(rebasing: bytes[place..<place + Int(lengths[line])]))
        }
    }

    private func precedes(_ line: Int, _ path: [UInt8]) -> Bool {
        lend(line) { one in path.withUnsafeBytes { compare(one, $0) < 0 } }
    }

    // MARK: - Making it

    mutating func append(_ path: Slice<UnsafeRawBufferPointer>, _ digest: Digest, _ size: UInt64) {
        let room = 1 << Int(Manifest.blockBits)
        if blocks.last.map({ $0.count + path.count > room }) ?? true {
            blocks.append([])
            blocks[blocks.count - 1].reserveCapacity(room)
        }
        let block = blocks.count - 1
        starts.append(UInt32(block) << Manifest.blockBits | UInt32(blocks[block].count))
        lengths.append(UInt16(path.count))
        blocks[block].append(contentsOf: path)
        pathBytes += path.count
        digests.append(digest)
        sizes.append(size)
    }

    mutating func refuse(_ line: Int?, _ text: Slice<UnsafeRawBufferPointer>, _ reason: String) {
        faultCount += 1
        guard faults.count < Manifest.mostFaults else { return }
        faults.append(Fault(line: line, text: RawName(bytes: Array(text.prefix(200))), reason: reason))
    }

    private(set) var pathBytes = 0
    var lineCount: Int { starts.count }

    /// Sorts. A path that is there twice counts once; with different content, not at all.
    mutating func finish() {
        order = sorted()
        var kept: [UInt32] = []
        kept.reserveCapacity(order.count)
        var position = 0
        while position < order.count {
            let first = Int(order[position])
            var end = position + 1
            var isUnequivocal = true
            while end < order.count, path(Int(order[end])) == path(first) {
                let other = Int(order[end])
                if digests[other] != digests[first] || sizes[other] != sizes[first] { isUnequivocal = false }
                end += 1
            }
            if isUnequivocal {
                kept.append(UInt32(first))
            } else {
                Array(path(first)).withUnsafeBytes {
                    refuse(nil, $0[...], "the name is there twice, with different content")
                }
            }
            position = end
        }
        order = kept
    }

    private func sorted() -> [UInt32] {
        (0..<UInt32(starts.count)).sorted { one, other in
            let difference = lend(Int(one)) { one in lend(Int(other)) { compare(one, $0) } }
            return difference == 0 ? one < other : difference < 0
        }
    }
}

/// memcmp(3) of texts of different lengths.
private func compare(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Int {
    let count = min(one.count, other.count)
    if count > 0 {
        let difference = memcmp(one.baseAddress!, other.baseAddress!, count)
        if difference != 0 { return Int(difference) }
    }
    return one.count - other.count
}
