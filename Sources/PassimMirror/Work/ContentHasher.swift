internal import PassimCore
internal import PassimCrypto
internal import PassimSystem

/// Reads a file and says what its digest is, or that it did not hold still.
enum ContentHasher {
    enum Outcome: Equatable {
        case digest(Digest)
        /// stat(2) says something else at the end than at the start.
        case changed
        /// `goOn` said no.
        case more
    }

    /// Zeros, in place of what has no blocks.
    nonisolated(unsafe) private static let zeros = UnsafeRawBufferPointer(
        start: UnsafeMutableRawPointer.allocate(byteCount: 1 << 20, alignment: 4096)
            .initializeMemory(as: UInt8.self, repeating: 0, count: 1 << 20), count: 1 << 20)

    /// Reads on from where the progress is.
    ///
    /// - Parameter progress: its identity is that of the file, by the fstat(2) made just now.
    /// - Parameter buffer: read into, of any size.
    /// - Parameter goOn: asked after each buffer with the bytes read so far.
    static func hash(
        _ file: borrowing Descriptor, _ progress: HashProgress, buffer: UnsafeMutableRawBufferPointer,
        goOn: (UInt64) -> Bool
    ) throws(SystemError) -> Outcome {
        let size = progress.identity.size
        if progress.offset == 0, size > UInt64(buffer.count) { file.adviseSequential() }
        /// Up to where there are blocks, and from where there are some again.
        var dataEnd: UInt64 = 0
        var dataStart: UInt64 = 0
        // Not past the size: what was appended shows in the second fstat(2).
        while progress.offset < size {
            let offset = progress.offset
            if size > UInt64(buffer.count), offset >= dataEnd, offset >= dataStart {
                (dataStart, dataEnd) = file.data(from: offset, size: size)
            }
            var count: Int
            if offset < dataStart {
                // A hole is not read, at a terabyte it would take hours; but hashed it is.
                count = Int(min(UInt64(zeros.count), dataStart - offset))
                progress.hasher.update(UnsafeRawBufferPointer(rebasing: zeros[..<count]))
            } else {
                let wanted = Int(min(UInt64(buffer.count), size - offset))
                count = try file.read(
                    into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]), at: offset)
                if count == 0 { return .changed }
                progress.hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
            progress.offset = offset + UInt64(count)
            if progress.offset < size, !goOn(progress.offset) { break }
        }
        guard progress.isOf(try file.status().identity) else { return .changed }
        return progress.offset < size ? .more : .digest(progress.hasher.finish())
    }
}
