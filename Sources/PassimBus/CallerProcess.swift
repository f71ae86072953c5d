internal import PassimCore
internal import PassimSystem

/// The program that calls, by the number that the bus has of its process.
enum CallerProcess {
    /// Basename of argv[0], without control characters. Empty where it cannot be read: the process may be gone,
    /// another user's behind hidepid (proc(5)), or in another namespace.
    static func cmdline(of process: UInt32) -> String {
        guard process > 0 else { return "" }
        // A process's name for itself is as long as it likes.
        var bytes = [UInt8](repeating: 0, count: 4096)
        var count = 0
        do throws(SystemError) {
            let file = try Descriptor.open("/proc/\(process)/cmdline", .readOnly)
            var failure: SystemError?
            bytes.withUnsafeMutableBytes { buffer in
                do throws(SystemError) { count = try file.read(into: buffer) } catch { failure = error }
            }
            if let failure { throw failure }
        } catch {
            return ""
        }
        return name(ofArguments: bytes[..<count])
    }

    /// - Parameter arguments: as in /proc/PID/cmdline, each with a NUL behind it.
    static func name(ofArguments arguments: ArraySlice<UInt8>) -> String {
        let program = arguments.prefix { $0 != 0 }
        let name = RawName(bytes: Array(program)).basename
        return sanitized(String(decoding: name.bytes.prefix(255), as: UTF8.self))
    }

    private static func sanitized(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            result.append(ForeignText.isHarmful(scalar) ? "\u{FFFD}" : scalar)
        }
        return String(result)
    }
}
