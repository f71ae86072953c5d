import Testing

@testable import PassimWeb

struct MetricsTextTests {
    private func written(_ body: (inout MetricsText) -> Void) -> String {
        var text = MetricsText()
        body(&text)
        return String(decoding: text.bytes, as: UTF8.self)
    }

    @Test func metricHasHelpTypeAndSamples() {
        let text = written { text in
            text.metric("a_total", .counter, "What\nit \\is.") { samples in
                samples.add(1, .init("code", "200"), .init("x", "y"))
                samples.add(2.5)
            }
        }
        #expect(
            text == """
                # HELP a_total What\\nit \\\\is.
                # TYPE a_total counter
                a_total{code="200",x="y"} 1
                a_total 2.5

                """)
    }

    @Test func labelsAreEscaped() {
        let text = written { text in
            text.metric("a", .gauge, "h") { $0.add(0, .init("path", "\\srv\"x\n\u{1}ü")) }
        }
        #expect(text.hasSuffix("a{path=\"\\\\srv\\\"x\\n\\\\u0001ü\"} 0\n"))
    }

    @Test func metricWithoutSamplesIsLeftOut() {
        #expect(written { $0.metric("a", .gauge, "h", nil as Int?) } == "")
        #expect(written { $0.metric("a", .gauge, "h") { _ in } } == "")
    }

    @Test(
        arguments: [
            (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"), (0, "0.0"), (1e-7, "1e-07"),
            (1.5e20, "1.5e+20"),
        ] as [(Double, String)])
    func numbersAreThoseOfGo(value: Double, expected: String) {
        #expect(written { $0.metric("a", .gauge, "h", value) }.hasSuffix("\na \(expected)\n"))
    }

    @Test func integersKeepAllTheirDigits() {
        #expect(written { $0.metric("a", .gauge, "h", UInt64.max) }.hasSuffix("a 18446744073709551615\n"))
    }
}
