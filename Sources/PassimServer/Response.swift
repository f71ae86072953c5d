internal import PassimCore

/// The response that a connection is sending: what is left of it.
struct Response {
    enum Content {
        case none
        /// From `offset` on.
        case memory([UInt8], offset: Int)
        /// `remaining` bytes from `offset` on.
        case file(PreparedFile, offset: UInt64, remaining: UInt64)
    }

    var content: Content
    /// Bytes at the start of the reactor's plaintext buffer that belong to this response and are not
    /// encrypted yet: its head, and content read with it. Only within a turn.
    var staged = 0
    var allowance = Allowance([])
    /// Where this is a download from byte 0: given back if it is cut off.
    var counted: CountedShare?

    var isComplete: Bool {
        guard staged == 0 else { return false }
        return switch content {
        case .none: true
        case .memory(let bytes, let offset): offset == bytes.count
        case .file(_, _, let remaining): remaining == 0
        }
    }
}

/// A download that counts, from its beginning until the kernel has its last byte.
struct CountedShare {
    var share: Share
    var startsCooldown: Bool
}
