import Testing

@testable import PassimWeb

struct ActivityTests {
    private func activity(_ values: [UInt64], step: Int = 1) -> Activity {
        Activity(samples: values.map { .init(requests: $0, bytes: $0 * 2, misses: $0 * 3) }, step: step)
    }

    @Test func sumsAreCountedFromNow() {
        let summed = activity([1, 2, 3, 4, 5]).summed(by: 2)
        #expect(summed.samples.map(\.requests) == [1, 5, 9])
        #expect(summed.samples.map(\.misses) == [3, 15, 27])
        #expect(summed.step == 2)
        #expect(activity([]).summed(by: 2).samples.isEmpty)
    }

    @Test func barsAreDrawnToScaleAndSmallOnesAreSeen() {
        #expect(
            BarChart(values: [0, 50, 100, 1]).path == "M10 100V50h8V100zM20 100V0h8V100zM30 100V98h8V100z")
        #expect(BarChart(values: [0, 0]).path == "")
        #expect(BarChart(values: []).path == "")
        #expect(BarChart(values: []).width == 1)
        #expect(BarChart(values: [.max]).path == "M0 100V0h8V100z")
    }

    @Test func chartsHaveTextAndFigures() {
        let text = Sample.page { page in
            page.hour = activity([0, 7, 5])
            page.day = activity([4], step: 15)
        }
        #expect(text.contains("aria-label=\"Requests: 12 in 3 min, at most 7 in 1 min. A bar is 1 min,"))
        #expect(text.contains("<span class=\"title\">Sent</span> 24 B, at most 14 B in 1 min"))
        #expect(text.contains("The last hour in figures"))
        #expect(text.contains("<td class=\"number\" data-label=\"Nobody had it\">36</td>"))
        #expect(text.contains("role=\"img\""))
    }

    @Test func quietTimesHaveNoMost() {
        let text = Sample.page { $0.hour = activity([0, 0]) }
        #expect(text.contains("<span class=\"title\">Requests</span> 0</figcaption>"))
    }
}
