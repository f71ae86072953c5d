import CLibFuzzer
import Glibc

/// `passim-fuzz --target=NAME [libFuzzer's arguments]`: runs a target with libFuzzer. `--list` names the
/// targets, `--words=NAME` prints a dictionary for libFuzzer and `--sources=NAME` whose coverage counts.
@main
enum FuzzProgram {
    // Set once, before libFuzzer begins.
    nonisolated(unsafe) private static var target = FuzzTarget.requestHead

    static func main() {
        for argument in CommandLine.arguments.dropFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1).map { String($0) }
            switch parts[0] {
            case "--list": return FuzzTarget.all.forEach { print($0.name) }
            case "--words": return find(parts).words.forEach { print("\"\(escaped($0))\"") }
            case "--sources": return find(parts).sources.forEach { print($0) }
            // libFuzzer passes over what begins with two hyphens.
            case "--target": target = find(parts)
            default: break
            }
        }
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        exit(LLVMFuzzerRunDriver(&count, &arguments, { bytes, count in FuzzProgram.run(bytes, count) }))
    }

    private static func run(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
        do throws(Flaw) {
            try target.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
        } catch {
            complain("\(target): \(error)")
            abort()
        }
        return 0
    }

    private static func find(_ parts: [String]) -> FuzzTarget {
        guard let found = FuzzTarget.all.first(where: { $0.name == parts.last }) else {
            complain("there is no target \(parts.last ?? "")")
            exit(2)
        }
        return found
    }

    private static func complain(_ text: String) {
        (text + "\n").withCString { _ = write(STDERR_FILENO, $0, strlen($0)) }
    }

    private static func escaped(_ word: String) -> String {
        word.utf8.map { byte in
            let isPlain = 0x20...0x7E ~= byte && byte != 0x22 && byte != 0x5C
            let digits = String(byte, radix: 16)
            return isPlain ? String(Unicode.Scalar(byte)) : "\\x" + (digits.count == 1 ? "0" : "") + digits
        }.joined()
    }
}
