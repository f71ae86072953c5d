import PassimCore
import PassimTestKit
import Testing

@testable import PassimHTTP

struct HTMLTextTests {
    private func escaped(_ bytes: [UInt8]) -> String {
        var page = [UInt8]()
        HTMLText.append(RawName(bytes: bytes), to: &page)
        return String(validating: page, as: UTF8.self) ?? "not UTF-8"
    }

    @Test func markupIsEscaped() {
        #expect(
            escaped(Array("<a href=\"x\" id='y'>&amp;".utf8))
                == "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;")
    }

    @Test func controlsAndInvalidBytesAreReplaced() {
        #expect(
            escaped([0x61, 0x00, 0x0A, 0x7F, 0xC2, 0x85, 0xFF, 0x62])
                == "a\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}b")
        #expect(escaped([0xE2, 0x82]) == "\u{FFFD}")
        #expect(escaped([0xEF, 0xBF, 0xBE, 0xEF, 0xB7, 0x90]) == "\u{FFFD}\u{FFFD}")
    }

    @Test func ordinaryTextIsLeftAsItIs() {
        #expect(escaped(Array("Grüße, 世界 😀/-_.~\u{202E}".utf8)) == "Grüße, 世界 😀/-_.~\u{202E}")
    }

    @Test func everyTextIsEscapedAsByTheSecondImplementation() {
        var random = SeededGenerator(seed: 0x2026_0080)
        for _ in 0..<10000 {
            let bytes = randomNearlyUTF8(&random)
            #expect(escaped(bytes) == reference(bytes), "\(bytes)")
        }
    }

    private func reference(_ bytes: [UInt8]) -> String {
        var text = ""
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "'": text += "&#39;"
            case _ where scalar.properties.generalCategory == .control: text += "\u{FFFD}"
            case _ where scalar.properties.isNoncharacterCodePoint: text += "\u{FFFD}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
