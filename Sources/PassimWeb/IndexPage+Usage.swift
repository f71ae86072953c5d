// What other machines have fetched: how much at which time, which files, and who.

internal import PassimCore

extension IndexPage {
    func writeUsage(to row: inout HTMLWriter) {
        writeActivity(to: &row)
        row.ranking("top", "Most fetched", note: daySpan, none: "nothing yet", usage.topFiles.map(\.bar))
        row.ranking(
            "clients", "Clients", note: clientNote,
            none: usage.clients > 0 ? "LogClients=none: they are counted only" : "none yet",
            usage.topClients.map(\.bar))
    }

    private var clientNote: String {
        usage.clients > usage.topClients.count
            ? "\(daySpan), \(usage.isExact ? "" : "more than ")\(HumanText.count(usage.clients)) in all"
            : daySpan
    }

    private func writeActivity(to row: inout HTMLWriter) {
        let activity = query.span == .day ? day : hour
        let sum = activity.sum
        let lost =
            query.span == .day && usage.cutOff > 0 ? " · \(HumanText.count(usage.cutOff)) cut off" : ""
        row.section(
            "activity", query.span == .day ? "Last 24 hours" : "Last hour",
            note: "\(HumanText.count(sum.downloads, "download")) · \(ByteCount(sum.bytes))\(lost)"
        ) { section in
            section.plot(activity)
            // Rows of the table: two hours, five minutes.
            let summed = activity.summed(by: max(1, (query.span == .day ? 120 : 5) / activity.step))
            section.element(.details) { details in
                details.element(.summary, text: "In figures")
                details.figures(summed)
            }
            let other: PageQuery.Span = query.span == .day ? .hour : .day
            section.element(.p, HTMLAttribute(.class, "quiet")) { line in
                line.text("By other machines. ")
                line.link(
                    query.with { $0.span = other }.href(of: "activity"),
                    other == .day ? "Last 24 hours" : "Last hour")
            }
        }
    }
}

/// A name and how much of the longest one.
private struct Bar {
    let href: String
    let name: RawName
    let text: String
    let value: UInt64
}

extension Usage.File {
    fileprivate var bar: Bar {
        let known = name.isEmpty ? RawName("\(digest.hex.prefix(8))…") : name.basename.shortened
        return Bar(
            href: "/items/\(digest.hex)", name: known, text: "\(HumanText.count(downloads)) ×",
            value: downloads)
    }
}

extension Usage.Client {
    fileprivate var bar: Bar {
        Bar(href: "", name: RawName(name), text: ByteCount(bytes).description, value: bytes)
    }
}

extension HTMLWriter {
    fileprivate mutating func plot(_ activity: Activity) {
        let chart = BarChart(values: activity.samples.map(\.bytes))
        let sum = activity.sum
        let step = HumanText.minutes(activity.step)
        let most = sum.bytes == 0 ? "" : ", at most \(ByteCount(chart.highest)) in \(step)"
        element(.div, HTMLAttribute(.class, "plot")) { plot in
            plot.element(
                .svg, HTMLAttribute(.viewBox, "0 0 \(chart.width) \(BarChart.height)"),
                HTMLAttribute(.preserveAspectRatio, "none"), HTMLAttribute(.role, "img"),
                HTMLAttribute(
                    .ariaLabel,
                    "Sent in \(HumanText.minutes(activity.span)): \(ByteCount(sum.bytes)) in "
                        + "\(HumanText.count(sum.downloads, "download"))\(most). A bar is \(step), the last one is now."
                )
            ) { $0.element(.path, HTMLAttribute(.d, chart.path), text: "") }
            plot.element(
                .small, HTMLAttribute(.ariaHidden, "true"),
                text: sum.bytes == 0 ? "nothing" : HumanText.roundSize(bytes: chart.ceiling))
        }
        element(.div, HTMLAttribute(.class, "axis"), HTMLAttribute(.ariaHidden, "true")) { axis in
            let quarters = activity.span > 0 && activity.span % 4 == 0 ? [4, 3, 2, 1] : [4]
            for quarter in quarters {
                axis.element(.span, text: "\(HumanText.minutes(activity.span * quarter / 4)) ago")
            }
            axis.element(.span, text: "now")
        }
    }

    /// The same for those who do not see the chart.
    fileprivate mutating func figures(_ activity: Activity) {
        let hasMisses = activity.samples.contains { $0.misses > 0 }
        var columns: [(title: String, isNumber: Bool)] = [
            ("Began", false), ("Downloads", true), ("Sent", true),
        ]
        if hasMisses { columns.append(("Nobody had it", true)) }
        table(
            "figures-table", caption: "Each \(HumanText.minutes(activity.step)), the latest first",
            columns: columns
        ) { body in
            for (age, sample) in activity.samples.reversed().enumerated() {
                body.element(.tr) { row in
                    row.headCell { $0.text("\(HumanText.minutes((age + 1) * activity.step)) ago") }
                    row.number(HumanText.count(sample.downloads))
                    row.number(ByteCount(sample.bytes).description)
                    if hasMisses { row.number(HumanText.count(sample.misses)) }
                }
            }
        }
    }

    fileprivate mutating func ranking(
        _ id: String, _ heading: String, note: String, none: String, _ bars: [Bar]
    ) {
        section(id, heading, note: note) { section in
            if bars.isEmpty {
                return section.element(.p, HTMLAttribute(.class, "lone"), text: none)
            }
            let most = bars.map(\.value).max() ?? 1
            section.element(.ol, HTMLAttribute(.class, "rank")) { list in
                list.newline()
                for bar in bars { list.rank(bar, of: most) }
            }
        }
    }

    private mutating func rank(_ bar: Bar, of most: UInt64) {
        element(.li) { item in
            if bar.href.isEmpty {
                item.element(.span) { $0.name(bar.name) }
            } else {
                item.element(.a, HTMLAttribute(.href, bar.href)) { $0.name(bar.name) }
            }
            item.element(.span, text: bar.text)
            let width = most > 0 ? max(1, Int(Double(bar.value) / Double(most) * 100)) : 1
            item.element(
                .svg, HTMLAttribute(.viewBox, "0 0 100 1"), HTMLAttribute(.preserveAspectRatio, "none"),
                HTMLAttribute(.ariaHidden, "true")
            ) {
                $0.element(.rect, HTMLAttribute(.width, "\(width)"), HTMLAttribute(.height, "1"), text: "")
            }
        }
    }
}
