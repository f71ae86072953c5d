package import PassimCore
internal import PassimSystem
internal import Synchronization

/// An origin as the server needs it: where its files are and what holds for them.
package final class ServedOrigin: Sendable {
    package let id: OriginID
    /// Absolute. May be a symlink itself; none below it is followed.
    package let path: String
    /// Seconds in which an address is not sent the same digest again; 0 or less is none.
    package let cooldown: Int
    /// Bytes per second over all downloads of this origin; 0 is no limit.
    package let maxRate: UInt64
    let limiter: RateLimiter?
    /// The name of a file for those who fetch it, from its path below the directory.
    let filename: @Sendable (RawName) -> RawName
    /// Names that its files can be had by; nil: by digest only.
    package let names: Names?

    package struct Names: Sendable {
        /// Start of the files' paths in URLs; empty, or directories with a slash behind each.
        package let prefix: RawName
        /// True if it is not known yet what a path below the directory is. Called on a serving thread: must not
        /// block.
        let isPending: @Sendable (RawName) -> Bool

        /// - Parameter prefix: a path without a slash at either end; may be empty.
        package init(prefix: RawName, isPending: @escaping @Sendable (RawName) -> Bool) {
            self.prefix = prefix.isEmpty ? prefix : prefix.appending(.empty)
            self.isPending = isPending
        }
    }

    package init(
        id: OriginID, path: String, cooldown: Int, maxRate: UInt64, names: Names? = nil,
        filename: @escaping @Sendable (RawName) -> RawName = { $0.basename }
    ) {
        self.id = id
        self.path = path
        self.cooldown = cooldown
        self.maxRate = maxRate
        self.names = names
        self.filename = filename
        limiter = maxRate > 0 ? RateLimiter(bytesPerSecond: maxRate) : nil
    }

    /// Opens a file below the directory, for reading. The directory is opened anew each time, so that it
    /// can be unmounted, and replaced: whether the bytes are the right ones is told by the file itself.
    func open(_ path: RawName) throws(SystemError) -> Descriptor {
        let root = try Descriptor.open(self.path, [.path, .directory])
        return try root.open(beneath: path, ServedOrigin.flags)
    }

    /// The same where the kernel has all names on the way in its cache.
    ///
    /// - Returns: nil where it has not.
    func openCached(_ path: RawName) throws(SystemError) -> Descriptor? {
        guard let root = try Descriptor.openCached(self.path, [.path, .directory]) else { return nil }
        return try root.openCached(beneath: path, ServedOrigin.flags)
    }

    /// Non-blocking: a FIFO in the place of the file must not hold up anybody.
    private static let flags: OpenFlags = [.readOnly, .nonBlocking, .noControllingTerminal, .noFollow]
}

/// All origins of now, by number.
package final class OriginTable: Sendable {
    private let origins = Lock<[OriginID: ServedOrigin]>([:])
    /// Origins with names, the longest prefix first.
    private let named = Lock<[ServedOrigin]>([])
    private let replacements = Atomic<Int>(0)

    package init() {}

    /// Replaces the table; an origin that stays must be the same object, or its rate starts anew. Of two that claim one
    /// name, the one with the longer prefix has it, or else the first.
    package func replace(_ all: [ServedOrigin]) {
        origins.withLock { origins in
            origins = Dictionary(all.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        }
        let sorted = all.enumerated().compactMap { number, origin in origin.names.map { (origin, $0, number) }
        }
        .sorted { ($1.1.prefix.bytes.count, $0.2) < ($0.1.prefix.bytes.count, $1.2) }
        named.withLock { $0 = sorted.map(\.0) }
        replacements.add(1, ordering: .releasing)
    }

    /// Changes with each `replace`: tells who keeps origins when to ask again.
    var generation: Int { replacements.load(ordering: .acquiring) }

    /// True if any files can be had by name.
    var hasNames: Bool { named.withLock { !$0.isEmpty } }

    /// Files that a path in a URL may name: the first that is there.
    func files(named path: RawName) -> [NamedFile] {
        named.withLock { $0 }.compactMap { origin in
            guard let prefix = origin.names?.prefix.bytes, path.bytes.count > prefix.count,
                path.bytes.starts(with: prefix)
            else { return nil }
            return NamedFile(origin: origin, path: RawName(bytes: Array(path.bytes[prefix.count...])))
        }
    }

    package func origin(_ id: OriginID) -> ServedOrigin? {
        origins.withLock { $0[id] }
    }
}

/// A path below an origin.
struct NamedFile: Sendable {
    let origin: ServedOrigin
    let path: RawName

    /// True if it is not known yet what it is.
    var isPending: Bool { origin.names?.isPending(path) == true }
}
