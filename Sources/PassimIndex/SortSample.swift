/// Every so-manieth file of a listing, in order: tells about where a rank is without keeping all files.
///
/// The index has files in the order of their digests, so those are as good as chosen at random.
struct SortSample {
    /// Files of which one is kept.
    private let stride: Int
    private var keys: [SortKey] = []
    /// Files of the listing.
    private(set) var total = 0

    private static let size = 16384

    /// - Parameter count: files that there are, about.
    init(of count: Int) {
        stride = max(1, count / SortSample.size)
    }

    mutating func offer(_ position: SortKey.Position, name: UnsafeRawBufferPointer) {
        if total % stride == 0 { keys.append(SortKey(position, name: name)) }
        total += 1
    }

    mutating func sort(isDescending: Bool) {
        keys.sort { one, other in
            let isBefore = one.name.withUnsafeBytes { other.follows(one.position, $0) }
            return isBefore != isDescending
        }
    }

    /// Files between which those of these ranks are, and about how many there are between them.
    ///
    /// - Parameter margin: in standard deviations, at least, of the rank of a file of the sample.
    /// - Returns: nil where that may be any.
    func window(around ranks: Range<Int>, margin: Int) -> (Selection.Window, size: Int)? {
        // A binomial distribution: at most half the root of the sample's size.
        let deviation = Int(Double(keys.count).squareRoot() / 2) + 1
        let first = ranks.lowerBound / stride - margin * deviation
        let last = min(ranks.upperBound, total) / stride + 1 + margin * deviation
        guard first > 0 || last < keys.count else { return nil }
        let window = Selection.Window(
            floor: first > 0 && first < keys.count ? keys[first] : nil,
            ceiling: last < keys.count ? keys[last] : nil)
        return (window, (min(last, keys.count) - max(first, 0)) * stride)
    }
}
