/// `btime` of /proc/stat (proc(5)): when this machine was booted, in Unix seconds, as text.
///
/// - Returns: nil where the file has no such line.
package func bootTime() throws(SystemError) -> String? {
    let file = try Descriptor.open("/proc/stat", .readOnly)
    // The lines of interrupts are long on large machines.
    guard let bytes = try file.readAll(limit: 1 << 24) else { return nil }
    return bootTime(statistics: bytes)
}

func bootTime(statistics: [UInt8]) -> String? {
    for line in statistics.split(separator: 0x0A) {
        let words = line.split(separator: 0x20)
        guard words.count == 2, words[0].elementsEqual("btime".utf8), let seconds = UInt64(ascii: words[1])
        else { continue }
        return String(seconds)
    }
    return nil
}

extension UInt64 {
    /// Decimal digits only: no sign, and not more than fit.
    fileprivate init?(ascii digits: ArraySlice<UInt8>) {
        guard !digits.isEmpty, digits.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        self.init(String(decoding: digits, as: UTF8.self))
    }
}
