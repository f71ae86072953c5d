/// The mode that a file of this process has which is made with 0666: what umask(2) leaves of it.
///
/// umask(2) can only be read by changing it, for all threads: /proc/self/status tells it, too (proc(5)).
package func ordinaryFileMode() -> UInt32 {
    let usual: UInt32 = 0o644
    guard let status = try? Descriptor.open("/proc/self/status", .readOnly),
        let bytes = try? status.readAll(limit: 1 << 16)
    else { return usual }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
        if line.hasPrefix("Umask:"), let mask = UInt32(line.dropFirst(6).drop { $0 == "\t" }, radix: 8) {
            return 0o666 & ~mask
        }
    }
    return usual
}
