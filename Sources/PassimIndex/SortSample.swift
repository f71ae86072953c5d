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

    /// A file that stands before the one of this rank, and how many files from it on make sure to reach that one.
    ///
    /// - Parameter margin: in standard deviations, at least, of the rank of a file of the sample.
    /// - Returns: nil where no file is known to stand before it.
    func floor(below rank: Int, margin: Int) -> (key: SortKey, capacity: Int)? {
        // A binomial distribution: at most half the root of the sample's size.
        let deviation = Int(Double(keys.count).squareRoot() / 2) + 1
        let index = rank / stride - margin * deviation
        guard index > 0, index < keys.count else { return nil }
        return (keys[index], 2 * margin * deviation * stride)
    }
}
