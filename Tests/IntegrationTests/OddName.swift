import PassimCore
import Testing

/// A file name that programs trip over.
struct OddName: Sendable, CustomTestStringConvertible {
    var name: RawName
    var testDescription: String { name.description }

    static let all: [OddName] =
        [
            "with space", " leading", "trailing ", "quote\"d", "apos'trophe", "new\nline", "carriage\rreturn",
            "tab\there", "100%", "%41", "%", "a;b", "a,b", "a=b&c=d", "a?b#c", "<script>alert(1)<b>",
            "-rf", "~",
            "back\\slash", "\u{7F}\u{1}", "Grüße", "日本語", "e\u{301}", "\u{202E}gpj.exe", "emoji 😀",
            String(repeating: "x", count: 255), String(repeating: "ü", count: 127) + "x",
        ].map { OddName(name: RawName($0)) } + [
            OddName(name: RawName(bytes: [0xFF, 0xFE])),
            OddName(name: RawName(bytes: Array("caf".utf8) + [0xE9])),
            OddName(name: RawName(bytes: [0xC0, 0xAF])),
            OddName(name: RawName(bytes: [0xED, 0xA0, 0x80])),
            OddName(name: RawName(bytes: [UInt8](repeating: 0x80, count: 255))),
        ]

    /// A directory of a like name.
    var directory: RawName { RawName(bytes: Array(name.bytes.prefix(253)) + Array(".d".utf8)) }

    /// RFC 8187's form is for names that the plain form does not show as they are, and that are UTF-8.
    var wantsExtendedForm: Bool {
        let isPlain = name.bytes.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
            default: false
            }
        }
        let text = String(decoding: name.bytes, as: UTF8.self)
        return !isPlain && Array(text.utf8) == name.bytes
    }

    /// What stands between the quotes.
    func plainForm(of disposition: String) -> String? {
        let start = "attachment; filename=\""
        guard disposition.hasPrefix(start) else { return nil }
        let rest = disposition.dropFirst(start.count)
        guard let end = rest.firstIndex(of: "\"") else { return nil }
        return String(rest[..<end])
    }

    /// Percent-decoding.
    func decoded(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == 0x25, rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }
}
