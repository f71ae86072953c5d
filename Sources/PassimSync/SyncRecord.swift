// Memory of a mirror between runs, for the next run and for the daemon, which tells of it: a keyfile that everybody
// may read.

package import PassimCore
internal import PassimGLib
package import PassimSystem

package struct SyncRecord: Hashable, Sendable {
    /// The source that filled it.
    package var source = ""
    /// Seconds since 1970: when the last run ended, and the last one after which all was there; nil: none did.
    package var lastTry: Int64?
    package var lastWhole: Int64?
    /// Why not all is there after the last run; empty where it is.
    package var problem = ""
    /// Metadata that the source has no more, and since when; at most `mostReplaced`.
    package var replaced: [RawName: Int64] = [:]

    /// Names of 255 bytes each would take the mebibyte that readers take.
    static let mostReplaced = 1500
    private static let longest = 1 << 20
    private static let group = "sync"
    private static let replacedGroup = "replaced"

    package init() {}

    /// - Returns: an empty one where there is none, or none that can be understood.
    /// - Throws: where it cannot be read.
    package init(reading path: String) throws(SystemError) {
        guard let bytes = try readFile(path, limit: SyncRecord.longest), let file = try? KeyFile(bytes) else {
            return
        }
        func number(_ key: String) -> Int64? { file.value(SyncRecord.group, key).flatMap { Int64($0) } }
        source = (try? file.string(SyncRecord.group, "Source")) ?? ""
        lastTry = number("LastTry")
        lastWhole = number("LastWhole")
        problem = (try? file.string(SyncRecord.group, "Error")) ?? ""
        for key in file.keys(of: SyncRecord.replacedGroup).prefix(SyncRecord.mostReplaced) {
            guard let time = file.value(SyncRecord.replacedGroup, key).flatMap({ Int64($0) }),
                let name = SyncRecord.name(key)
            else { continue }
            replaced[name] = time
        }
    }

    /// Replaces it whole.
    package func write(to path: String) throws(SystemError) {
        var text = "[\(SyncRecord.group)]\nSource=\(SyncRecord.escaped(source))\n"
        if let lastTry { text += "LastTry=\(lastTry)\n" }
        if let lastWhole { text += "LastWhole=\(lastWhole)\n" }
        text += "Error=\(SyncRecord.escaped(problem))\n\n[\(SyncRecord.replacedGroup)]\n"
        for (name, time) in replaced.sorted(by: { $0.key < $1.key }).prefix(SyncRecord.mostReplaced) {
            text += "\(SyncRecord.key(name))=\(time)\n"
        }
        // Everybody may read it: made by replaceFile, only its owner could.
        try makeDirectories(parentDirectory(of: path), mode: 0o755)
        try replaceFile(path, with: Array(text.utf8), mode: 0o644)
    }

    /// On one line, as GKeyFile reads it.
    private static func escaped(_ value: String) -> String {
        var text = ""
        for scalar in value.unicodeScalars.prefix(1000) {
            switch scalar {
            case "\\": text += "\\\\"
            case _ where scalar.value < 0x20: text += " "
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// A path as a key: its bytes in hexadecimal, since keys may hold few characters.
    private static func key(_ name: RawName) -> String {
        name.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func name(_ key: String) -> RawName? {
        let digits = Array(key.utf8)
        guard digits.count.isMultiple(of: 2), digits.allSatisfy({ hexValue($0) < 16 }) else { return nil }
        return RawName(
            bytes: stride(from: 0, to: digits.count, by: 2).map {
                hexValue(digits[$0]) << 4 | hexValue(digits[$0 + 1])
            })
    }
}
