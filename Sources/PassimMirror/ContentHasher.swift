internal import PassimCore
internal import PassimCrypto
internal import PassimSystem

/// Reads a file to its end and says what its digest is, or that it did not hold still.
struct ContentHasher {
    enum Outcome: Equatable {
        case digest(Digest)
        /// What stat(2) says at the end is not what it said at the start.
        case changed
        /// `goOn` said no.
        case stopped
    }

    /// - Parameter before: the identity of the file by the fstat(2) made just now.
    /// - Parameter buffer: read into, of any size.
    /// - Parameter goOn: asked after each buffer with the bytes read so far.
    static func hash(
        _ file: borrowing Descriptor, _ before: FileIdentity, with hasher: SHA256Hasher,
        buffer: UnsafeMutableRawBufferPointer, goOn: (UInt64) -> Bool
    ) throws(SystemError) -> Outcome {
        if before.size > UInt64(buffer.count) { file.adviseSequential() }
        var offset: UInt64 = 0
        var outcome: Outcome?
        var failure: SystemError?
        // Not past the size: what was appended shows in the second fstat(2).
        while offset < before.size {
            let wanted = Int(min(UInt64(buffer.count), before.size - offset))
            var count = 0
            do throws(SystemError) {
                count = try file.read(
                    into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]), at: offset)
            } catch {
                failure = error
                break
            }
            if count == 0 {
                outcome = .changed
                break
            }
            hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += UInt64(count)
            if offset < before.size, !goOn(offset) {
                outcome = .stopped
                break
            }
        }
        // Also where the digest is of no use: it makes the hasher ready for the next file.
        let digest = hasher.finish()
        if let failure { throw failure }
        if let outcome { return outcome }
        return try file.status().identity == before ? .digest(digest) : .changed
    }
}
