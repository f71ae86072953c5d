import PassimCore
import Testing

@Suite struct ForeignTextTests {
    private static let places: [ForeignText.Place] = [.terminal, .log, .html, .metrics]

    @Test(arguments: places) func harmlessTextStaysAsItIs(place: ForeignText.Place) {
        for text in ["", "firmware-1.2.cab", "größer 🙂 日本語 العربية", "a'b & <c>"] {
            #expect(ForeignText.shown(text, in: place) == text)
        }
    }

    @Test(arguments: places.dropLast())
    func controlsAndSeparatorsAndTurnsOfDirectionAreEscaped(place: ForeignText.Place) {
        let text = "a\u{1B}[31m\n\r\u{0}\u{7F}\u{9B}b\u{2028}\u{2029}\u{202E}gpj\u{2066}\u{200F}\u{061C}c"
        let shown =
            #"a\u001b[31m\u000a\u000d\u0000\u007f\u009bb\u2028\u2029\u202egpj\u2066\u200f\u061cc"#
        #expect(ForeignText.shown(text, in: place) == shown)
    }

    @Test func labelOfAMetricHasItsOwnEscapes() {
        #expect(ForeignText.shown("a\\b\"c\nd\u{1B}e\u{202E}", in: .metrics) == #"a\\b\"c\nd\\u001be\\u202e"#)
    }

    @Test(arguments: places) func longTextIsCut(place: ForeignText.Place) {
        let shown = ForeignText.shown(String(repeating: "a", count: 4 << 20), in: place)
        #expect(shown.unicodeScalars.count < 8200)
        #expect(shown.hasSuffix("a…"))
        #expect(ForeignText.shown("abcd", in: place, limit: 4) == "abcd")
        #expect(ForeignText.shown("abcde", in: place, limit: 4) == "abcd…")
    }
}
