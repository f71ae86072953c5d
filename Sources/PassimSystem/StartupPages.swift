internal import CLinux
internal import Glibc

/// Gives back the pages of program and libraries that only starting has touched: relocation, the Swift
/// runtime's search through all conformances, the parsing of arguments. They are clean copies of files; what
/// is needed again is mapped again. Two thirds of an idle daemon's resident memory are such pages.
///
/// Only mappings of files that cannot be written, and of which smaps says that no page is anonymous: a
/// relocated page (RELRO) has no copy in the file.
///
/// - Returns: bytes of the mappings that were let go; 0 where /proc does not tell.
@discardableResult
package func releaseStartupPages() -> Int {
    guard let file = try? Descriptor.open("/proc/self/smaps", [.readOnly]),
        let content = (try? file.readAll(limit: 1 << 22)) ?? nil
    else { return 0 }
    var released = 0
    for mapping in CleanFileMapping.all(inSmaps: String(decoding: content, as: UTF8.self)) {
        let place = UnsafeMutableRawPointer(bitPattern: mapping.start)
        let length = Int(mapping.end - mapping.start)
        if madvise(place, length, CInt(MADV_DONTNEED)) == 0 {
            released += length
        }
    }
    return released
}

/// A private, read-only mapping of a file without a page of its own (proc_pid_smaps(5)).
struct CleanFileMapping: Equatable {
    var start: UInt
    var end: UInt

    static func all(inSmaps text: String) -> [CleanFileMapping] {
        var found: [CleanFileMapping] = []
        var current: CleanFileMapping?
        for line in text.split(separator: "\n") {
            if let head = heading(line) {
                current = head
            } else if line.hasPrefix("Anonymous:") {
                if let mapping = current, line.split(separator: " ").dropFirst().first == "0" {
                    found.append(mapping)
                }
                current = nil
            }
        }
        return found
    }

    /// `start-end perms offset dev inode path`.
    ///
    /// - Returns: nil for a line that is no heading; an empty mapping, which is never found, for one that
    ///   is not to be let go.
    private static func heading(_ line: Substring) -> CleanFileMapping?? {
        let fields = line.split(separator: " ", omittingEmptySubsequences: true)
        guard fields.count >= 5, fields[1].utf8.count == 4 else { return nil }
        let bounds = fields[0].split(separator: "-")
        guard bounds.count == 2, let start = UInt(bounds[0], radix: 16), let end = UInt(bounds[1], radix: 16)
        else { return nil }
        guard fields[1] == "r--p" || fields[1] == "r-xp", fields[4] != "0" else { return .some(nil) }
        return CleanFileMapping(start: start, end: end)
    }
}
