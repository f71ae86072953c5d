internal import PassimCore
internal import PassimHTTP

/// The answer to a request for a file; told by its head and the index alone.
struct FilePlan {
    enum Outcome {
        case notModified
        case preconditionFailed
        case unsatisfiable
        /// All of it, or a part.
        case content(ByteRange?)
    }

    let outcome: Outcome
    /// The file's size.
    let size: UInt64
    let isHead: Bool
    /// The URL may name other bytes later.
    let isByName: Bool
    /// The client asked for a Digest field.
    let wantsDigest: Bool

    init(_ head: RequestHead, _ bytes: UnsafeRawBufferPointer, of entry: Entry, isByName: Bool) {
        size = entry.identity.size
        isHead = head.method == .head
        self.isByName = isByName
        wantsDigest = head.wantsDigest
        let modified = entry.identity.modified.seconds
        switch Conditions.evaluate(
            head, in: bytes, digest: entry.digest, modified: modified, mayChange: isByName)
        {
        case .failed:
            outcome = .preconditionFailed
            return
        case .notModified:
            outcome = .notModified
            return
        case .met: break
        }
        outcome =
            switch Conditions.range(
                head, in: bytes, digest: entry.digest, modified: modified, size: entry.identity.size,
                mayChange: isByName)
            {
            case .whole: .content(nil)
            case .part(let part): .content(part)
            case .unsatisfiable: .unsatisfiable
            }
    }

    /// Start of the content, and its bytes; 0 if none is sent.
    var content: (first: UInt64, count: UInt64) {
        guard !isHead, case .content(let part) = outcome else { return (0, 0) }
        return (part?.first ?? 0, part?.count ?? size)
    }
}
