internal import Logging
internal import PassimCore
internal import PassimSystem

/// How often files of directories were had. Of the thousand most wanted it outlives the daemon.
///
/// Bounded: when it is full, those that were wanted least are forgotten.
final class StaticShareCounts: Sendable {
    private let counts = Lock<[Digest: UInt32]>([:])
    private let path: String
    private let capacity: Int

    static let kept = 1000

    /// - Parameter path: the directory is there.
    init(path: String, capacity: Int = 65_536) {
        self.path = path
        self.capacity = max(2, capacity)
    }

    subscript(digest: Digest) -> UInt32 { counts.withLock { $0[digest] ?? 0 } }

    func add(_ digest: Digest) {
        counts.withLock { counts in
            counts[digest] = (counts[digest] ?? 0).adding(saturating: 1)
            guard counts.count > capacity else { return }
            // Half of them at a time, so that it is seldom.
            let most = StaticShareCounts.mostWanted(counts, capacity / 2)
            counts = Dictionary(most) { $1 }
        }
    }

    private static func mostWanted(_ counts: [Digest: UInt32], _ limit: Int) -> [(Digest, UInt32)] {
        counts.map { ($0.key, $0.value) }.sorted { $0.1 > $1.1 }.prefix(limit).map { $0 }
    }

    /// Adds what was saved. A file that is not understood counts for nothing.
    func load() {
        guard let file = try? Descriptor.open(path, [.readOnly, .nonBlocking, .noFollow]),
            (try? file.status().kind) == .regular, let bytes = try? file.readAll(limit: 1 << 20)
        else { return }
        for line in bytes.split(separator: 0x0A).prefix(StaticShareCounts.kept) {
            let words = line.split(separator: 0x20)
            guard words.count == 2, let digest = Digest(hex: String(decoding: words[0], as: UTF8.self)),
                let count = UInt32(String(decoding: words[1], as: UTF8.self))
            else { continue }
            counts.withLock { $0[digest] = ($0[digest] ?? 0).adding(saturating: count) }
        }
    }

    func save() throws(SystemError) {
        let most = StaticShareCounts.mostWanted(counts.withLock { $0 }, StaticShareCounts.kept)
        try replaceFile(path, with: Array(most.map { "\($0.0.hex) \($0.1)\n" }.joined().utf8))
    }
}
