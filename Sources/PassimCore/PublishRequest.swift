/// A publisher's description of the content that it hands over.
package struct PublishRequest: Hashable, Sendable {
    /// A basename: not empty, no `/`, no control character.
    package var filename: RawName
    /// Basename of argv[0] of the publisher; empty: unknown.
    package var cmdline: String
    package var lifetime: Lifetime
    /// Downloads to begin counting with.
    package var shareCount: UInt32
    /// `nextReboot`, `disabled` or none.
    package var flags: ItemFlags

    package init(
        filename: RawName, cmdline: String = "", lifetime: Lifetime = Lifetime(), shareCount: UInt32 = 0,
        flags: ItemFlags = []
    ) {
        self.filename = filename
        self.cmdline = cmdline
        self.lifetime = lifetime
        self.shareCount = shareCount
        self.flags = flags
    }
}

/// Why something was not published, or not withdrawn; each has an error name of its own on the bus.
package enum PublishError: Error, Hashable, Sendable {
    /// Only root may, unless the daemon runs with --insecure.
    case notPermitted
    /// The request is wrong: why, in words.
    case invalid(String)
    /// The content is shared already.
    case exists(Digest)
    /// The content has more bytes than `MaxItemSize`.
    case tooLarge(limit: UInt64)
    /// Nobody has published that.
    case notFound(String)
    /// The file belongs to a mirrored directory: it is not deleted.
    case isStatic(Digest)
    /// The disk, or the owner's part of it, is full.
    case noSpace(String)
    /// The content did not come to its end in time.
    case timedOut(String)
    /// The action that failed, its path, and why.
    case failed(String)
}

extension PublishError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notPermitted: "only root may do this (passimd --insecure lets everybody)"
        case .invalid(let reason), .noSpace(let reason), .timedOut(let reason), .failed(let reason): reason
        case .exists(let digest): "\(digest.hex) is already being shared"
        case .tooLarge(0): "nothing can be published: MaxItemSize is 0 in passim.conf"
        case .tooLarge(let limit): "the content is longer than MaxItemSize in passim.conf, \(limit) bytes"
        case .notFound(let hash): "\(hash) is not shared here"
        case .isStatic(let digest):
            "\(digest.hex) is a file of a mirrored directory: remove the file, or exclude it in its drop-in"
        }
    }
}
