/// The known key that `key` is probably a slip of: at most two letters changed, left out or added, and
/// upper case for lower does not count. Nil where none is near.
package func nearest(to key: String, among known: [String]) -> String? {
    let written = Array(key.lowercased().utf8)
    // A key is a word; anything longer is not a slip of one.
    if written.count > 64 { return nil }
    let distances = known.map { (key: $0, distance: editDistance(written, Array($0.lowercased().utf8))) }
    guard let best = distances.min(by: { $0.distance < $1.distance }), best.distance <= 2 else { return nil }
    return best.key
}

/// Levenshtein's distance.
private func editDistance(_ one: [UInt8], _ other: [UInt8]) -> Int {
    var row = Array(0...other.count)
    for (line, byte) in one.enumerated() {
        var diagonal = row[0]
        row[0] = line + 1
        for column in other.indices {
            let replaced = diagonal + (byte == other[column] ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
        }
    }
    return row[other.count]
}
