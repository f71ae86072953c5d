internal import PassimCore
internal import PassimCrypto
internal import PassimSystem

/// Copies what a publisher hands over, from its descriptor's offset to its end, and hashes it on the way.
/// A publisher who stalls costs a thread for as long as the limits say, and no more than `limit` bytes.
struct ContentCopy {
    let limit: UInt64
    let times: PublishLimits
    let monotonic: @Sendable () -> UInt64
    let isStopping: @Sendable () -> Bool
    /// For messages.
    let directory: String

    /// - Returns: digest and bytes of the content.
    func run(from source: borrowing Descriptor, to draft: Draft) throws(PublishError) -> (Digest, UInt64) {
        let isRegular = try kind(of: source) == .regular
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: PublishLimits.buffer, alignment: 16)
        defer { buffer.deallocate() }
        let hasher = SHA256Hasher()
        let start = monotonic()
        var lastByte = start
        var size: UInt64 = 0
        while true {
            try wait(for: source, start: start, lastByte: lastByte)
            // One byte too many tells that there are too many.
            let room = Int(min(UInt64(buffer.count) - 1, limit - size)) + 1
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<room])
            guard let count = try read(source, into: part, isRegular: isRegular) else { continue }
            if count == 0 { return (hasher.finish(), size) }
            lastByte = monotonic()
            size += UInt64(count)
            if size > limit { throw .tooLarge(limit: limit) }
            let bytes = UnsafeRawBufferPointer(rebasing: part[..<count])
            hasher.update(bytes)
            do throws(SystemError) {
                try draft.file.writeAll(bytes)
            } catch {
                throw PublishError(error, storingIn: directory)
            }
        }
    }

    private func kind(of source: borrowing Descriptor) throws(PublishError) -> FileStatus.Kind {
        do throws(SystemError) {
            return try source.status().kind
        } catch {
            throw PublishError(readingContent: error)
        }
    }

    private func read(
        _ source: borrowing Descriptor, into part: UnsafeMutableRawBufferPointer, isRegular: Bool
    ) throws(PublishError) -> Int? {
        do throws(SystemError) {
            return isRegular ? try source.read(into: part) : try source.readAvailable(into: part)
        } catch {
            throw PublishError(readingContent: error)
        }
    }

    /// Returns when there is something to read.
    private func wait(
        for source: borrowing Descriptor, start: UInt64, lastByte: UInt64
    ) throws(PublishError) {
        while true {
            if isStopping() { throw .failed("passimd is being stopped") }
            let now = monotonic()
            let idle = now &- lastByte
            let whole = now &- start
            if idle >= times.idle {
                throw .timedOut("not a byte of the content came for \(times.idle / 1_000_000_000) seconds")
            }
            if whole >= times.whole {
                throw .timedOut(
                    "the content did not come to its end within \(times.whole / 1_000_000_000) seconds")
            }
            let left = min(times.idle - idle, times.whole - whole, PublishLimits.pollSlice)
            do throws(SystemError) {
                if try source.waitForInput(milliseconds: CInt(left / 1_000_000) + 1) { return }
            } catch {
                throw PublishError(readingContent: error)
            }
        }
    }
}
