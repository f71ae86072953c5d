internal import ArgumentParser
internal import Glibc
internal import PassimCore

/// A path as it was given, of any bytes.
struct PathArgument: ExpressibleByArgument, Hashable {
    let path: RawName

    init?(argument: String) {
        if argument.isEmpty { return nil }
        path = RawName(bytes: PathArgument.bytes(of: argument))
    }

    init(_ path: RawName) {
        self.path = path
    }

    static var defaultCompletionKind: CompletionKind { .file() }

    /// Swift has replaced what is no UTF-8; argv still has it.
    private static func bytes(of argument: String) -> [UInt8] {
        guard argument.unicodeScalars.contains("\u{FFFD}") else { return Array(argument.utf8) }
        for index in 1..<Int(max(1, CommandLine.argc)) {
            guard let pointer = CommandLine.unsafeArgv[index] else { break }
            let bytes = Array(UnsafeRawBufferPointer(start: pointer, count: strlen(pointer)))
            // In `--option=value` the value comes after the sign.
            let value = bytes.firstIndex(of: 0x3D).map { Array(bytes[($0 + 1)...]) } ?? bytes
            for candidate in [bytes, value] where String(decoding: candidate, as: UTF8.self) == argument {
                return candidate
            }
        }
        return Array(argument.utf8)
    }
}
