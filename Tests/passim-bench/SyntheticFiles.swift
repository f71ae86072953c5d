internal import PassimCore
internal import PassimIndex

/// Files that need no memory: all that is known of one follows from its number.
struct SyntheticFiles: Sendable {
    let count: Int

    /// Numbers from `count` on give digests that no file has.
    func digest(_ number: Int) -> Digest {
        let seed = UInt64(number) << 2
        return Digest(words: (mixed(seed), mixed(seed | 1), mixed(seed | 2), mixed(seed | 3)))
    }

    func identity(_ number: Int) -> FileIdentity {
        let time = Timestamp(
            seconds: 1_700_000_000 + Int64(number), nanoseconds: UInt32(mixed(UInt64(number)) % 1_000_000_000)
        )
        return FileIdentity(
            device: 2049, inode: UInt64(number) + 11, size: mixed(UInt64(number)) % 1_000_000, modified: time,
            changed: time)
    }

    /// 20 bytes.
    func directory(_ number: Int) -> RawName {
        RawName("vendor-\(padded(number / 100, 4))/dev-\(padded(number % 100, 4))")
    }

    /// 19 bytes.
    func name(_ number: Int) -> RawName { RawName("fw-\(padded(number, 12)).cab") }

    /// Directories of 100 files: the path, and each file's number and name.
    func forEachDirectory(_ body: (RawName, [(number: Int, name: RawName)]) -> Void) {
        for first in stride(from: 0, to: count, by: 100) {
            body(directory(first / 100), (first..<min(first + 100, count)).map { ($0, name($0)) })
        }
    }

    func insert(_ files: [(number: Int, name: RawName)], below path: RawName, into index: DigestIndex) {
        let directory = index.directory(origin: OriginID(1), path: path)
        index.apply(
            files.map { number, name in
                .insert(
                    directory: directory, name: name, digest: digest(number), identity: identity(number),
                    flags: [])
            })
    }

    private func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): a bijection that leaves no pattern.
func mixed(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
}
