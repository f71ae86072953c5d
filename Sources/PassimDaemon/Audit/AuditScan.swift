internal import Glibc
internal import PassimCore
internal import PassimSystem

/// Reads an audit log from its beginning to its end, of any size, in fixed memory.
enum AuditScan {
    struct Sum: Equatable {
        /// Bytes sent, by the SHARE lines.
        var bytes: UInt64 = 0
        var shares = 0
        /// Lines that are none.
        var malformed = 0
    }

    /// Bytes; a longer line is malformed.
    private static let longestLine = 1 << 16

    /// - Returns: zeros where there is no such file.
    static func sum(_ path: String) throws(SystemError) -> Sum {
        var sum = Sum()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        do throws(SystemError) {
            let file = try Descriptor.open(path, [.readOnly, .nonBlocking, .noControllingTerminal])
            guard try file.status().kind == .regular else { return sum }
            file.adviseSequential()
            try add(file, buffer, &sum)
        } catch {
            if error.code != .notFound { throw error }
        }
        return sum
    }

    private static func add(
        _ file: borrowing Descriptor, _ buffer: UnsafeMutableRawBufferPointer, _ sum: inout Sum
    ) throws(SystemError) {
        var filled = 0
        /// Of a line that is too long, until its end.
        var isSkipping = false
        while true {
            let count = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            if count == 0 {
                // What has no end was torn, and may have lost digits.
                if filled > 0, !isSkipping { sum.malformed += 1 }
                return
            }
            filled += count
            var start = 0
            while let end = lineEnd(in: buffer, start..<filled) {
                if !isSkipping {
                    add(UnsafeRawBufferPointer(rebasing: buffer[start..<end]), &sum)
                }
                isSkipping = false
                start = end + 1
            }
            let rest = filled - start
            if rest > longestLine || isSkipping {
                if !isSkipping { sum.malformed += 1 }
                isSkipping = true
                filled = 0
            } else {
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[start..<filled]))
                filled = rest
            }
        }
    }

    private static func lineEnd(in buffer: UnsafeMutableRawBufferPointer, _ range: Range<Int>) -> Int? {
        guard let base = buffer.baseAddress, let end = memchr(base + range.lowerBound, 0x0A, range.count)
        else {
            return nil
        }
        return UnsafeMutableRawPointer(end) - base
    }

    private static func add(_ line: UnsafeRawBufferPointer, _ sum: inout Sum) {
        guard line.count <= longestLine, let parsed = AuditLine(line) else {
            sum.malformed += 1
            return
        }
        guard case .shared(let size, _) = parsed.event else { return }
        sum.shares += 1
        sum.bytes.add(saturating: size)
    }
}
