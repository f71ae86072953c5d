internal import Glibc
internal import PassimCore
internal import PassimSystem

/// Reads audit logs of any size, in fixed memory.
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

    /// A log, or what follows a place in it, as long as it is now.
    final class Part {
        let path: String
        fileprivate let file: Descriptor
        fileprivate let start: UInt64
        fileprivate let end: UInt64

        var count: UInt64 { end - start }

        /// Reads it, or its beginning.
        func read(atMost limit: Int) throws(SystemError) -> [UInt8] {
            let size = Int(min(UInt64(limit), count))
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, size), alignment: 16)
            defer { buffer.deallocate() }
            var filled = 0
            while filled < size {
                let space = UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<size])
                let more = try file.read(into: space, at: start + UInt64(filled))
                if more == 0 { break }
                filled += more
            }
            return Array(buffer[..<filled])
        }

        fileprivate init(_ path: String, _ file: consuming Descriptor, _ range: Range<UInt64>) {
            self.path = path
            self.file = file
            start = range.lowerBound
            end = range.upperBound
        }
    }

    /// Opens a log and the old ones beside it, the oldest first.
    ///
    /// - Parameter place: only what follows it; nothing where no log has it.
    static func parts(_ log: String, since place: AuditMark.Place? = nil) throws(SystemError) -> [Part] {
        var parts: [Part] = []
        for number in 0...mostLogs {
            let path = number == 0 ? log : AuditRotation.path(of: log, number: number)
            let file: Descriptor
            do throws(SystemError) {
                file = try Descriptor.open(path, [.readOnly, .nonBlocking, .noControllingTerminal])
            } catch {
                guard error.code == .notFound else { throw error }
                // Between two names there may be none just now.
                if number == 0 { continue }
                break
            }
            let status = try file.status()
            guard status.kind == .regular else { continue }
            let size = status.identity.size
            if let place, status.identity.inode == place.inode {
                // A log that is shorter was cut, and begun again.
                parts.append(Part(path, file, (size < place.length ? 0 : place.length)..<size))
                return parts.reversed()
            }
            parts.append(Part(path, file, 0..<size))
        }
        return place == nil ? parts.reversed() : []
    }

    private static let mostLogs = 99

    /// - Parameter goOn: asked now and then; false ends it.
    /// - Returns: nil where it was ended.
    static func sum(_ parts: [Part], goOn: () -> Bool = { true }) throws(SystemError) -> Sum? {
        var sum = Sum()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        for part in parts {
            part.file.adviseSequential()
            guard try add(part, buffer, &sum, goOn) else { return nil }
        }
        return sum
    }

    /// - Returns: zeros where there is no such file.
    static func sum(_ path: String) throws(SystemError) -> Sum { try sum(parts(path)) ?? Sum() }

    private static func add(
        _ part: Part, _ buffer: UnsafeMutableRawBufferPointer, _ sum: inout Sum, _ goOn: () -> Bool
    ) throws(SystemError) -> Bool {
        var filled = 0
        var position = part.start
        /// True within a line that is too long.
        var isSkipping = false
        while true {
            guard goOn() else { return false }
            let room = Int(min(UInt64(buffer.count - filled), part.end - position))
            let space = UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<(filled + room)])
            let count = room == 0 ? 0 : try part.file.read(into: space, at: position)
            if count == 0 {
                // A line with no end was torn: it may lack digits.
                if filled > 0, !isSkipping { sum.malformed += 1 }
                return true
            }
            position += UInt64(count)
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
