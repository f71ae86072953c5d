import PassimCore
import Testing

@testable import PassimWeb

struct ActivityTests {
    private func activity(_ values: [UInt64], step: Int = 1) -> Activity {
        Activity(samples: values.map { .init(downloads: $0, bytes: $0 * 2, misses: $0 * 3) }, step: step)
    }

    @Test func sumsAreCountedFromNow() {
        let summed = activity([1, 2, 3, 4, 5]).summed(by: 2)
        #expect(summed.samples.map(\.downloads) == [1, 5, 9])
        #expect(summed.samples.map(\.misses) == [3, 15, 27])
        #expect(summed.step == 2)
        #expect(activity([]).summed(by: 2).samples.isEmpty)
    }

    @Test func barsAreDrawnToScaleAndSmallOnesAreSeen() {
        #expect(
            BarChart(values: [0, 50, 100, 1]).path == "M11 100V50h8V100zM21 100V0h8V100zM31 100V98h8V100z")
        #expect(BarChart(values: [0, 0]).path == "")
        #expect(BarChart(values: []).path == "")
        #expect(BarChart(values: []).width == 1)
        #expect(!BarChart(values: [.max]).path.isEmpty)
    }

    @Test(
        arguments: [
            (0, 1), (1, 1), (7, 8), (9, 10), (11, 15), (100, 100), (101, 150), (999, 1000), (1000, 1024),
            (1025, 1536), (2049, 3072), (700 << 20, 800 << 20), (1 << 40, 1 << 40), (UInt64.max, UInt64.max),
        ] as [(UInt64, UInt64)])
    func topOfTheChartIsRound(highest: UInt64, ceiling: UInt64) {
        #expect(BarChart(values: [0, highest]).ceiling == ceiling)
    }

    private func page(_ change: (inout IndexPage) -> Void) -> String {
        Sample.page(items: [Sample.item(RawName("a"))]) { page in
            page.usage.last = (Sample.now, "192.0.2.1")
            change(&page)
        }
    }

    @Test func chartHasASentenceAndFigures() {
        let text = page { page in
            page.hour = activity([0, 7, 5])
            page.day = activity([0, 7, 5, 0], step: 30)
            page.usage.cutOff = 3
        }
        #expect(
            text.contains(
                "aria-label=\"Sent in 2 h: 24 B in 12 downloads, at most 14 B in 30 min. A bar is 30 min,"))
        #expect(text.contains("<small>12 downloads · 24 B · 3 cut off</small>"))
        #expect(text.contains("<th scope=\"row\">2 h ago</th>\n<td class=\"n\">12</td>"))
        #expect(text.contains("<span>2 h ago</span><span>90 min ago</span><span>1 h ago</span>"))
        // Only if there are any.
        #expect(text.contains("Nobody had it") && text.contains("<td class=\"n\">36</td>"))
        #expect(text.contains("role=\"img\""))
    }

    @Test func hourIsAsked() {
        let text = page { page in
            page.query.span = .hour
            page.hour = activity([0, 7, 5, 0])
        }
        #expect(text.contains("<h2 id=\"activity\">Last hour</h2>"))
        #expect(text.contains("<a href=\"/#activity\">Last 24 hours</a>"))
        #expect(page { _ in }.contains("<a href=\"/?span=hour#activity\">Last hour</a>"))
        // The whole page is there.
        #expect(text.contains("class=\"hero\""))
    }

    @Test func quietTimesHaveNoMost() {
        let text = page { $0.day = activity([0, 0], step: 30) }
        #expect(text.contains("aria-label=\"Sent in 1 h: 0 B in 0 downloads. A bar is 30 min,"))
        #expect(!text.contains("Nobody had it"))
    }

    @Test func chartsThatNobodyHasMadeAreLeftOut() {
        let text = Sample.page(items: [Sample.item(RawName("a"))]) { $0.day = activity([0, 0], step: 30) }
        #expect(!text.contains("Last 24 hours") && !text.contains("#activity"))
    }
}
