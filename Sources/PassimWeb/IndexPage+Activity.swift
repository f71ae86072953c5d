internal import PassimCore

extension IndexPage {
    func writeActivity(to main: inout HTMLWriter) {
        main.section("activity", "Activity") { section in
            // Rows of the table of figures: five minutes, an hour.
            section.charts("The last hour", hour, row: 5)
            section.charts("The last day", day, row: 60)
        }
    }
}

extension HTMLWriter {
    /// - Parameter row: minutes.
    fileprivate mutating func charts(_ heading: String, _ activity: Activity, row: Int) {
        element(.section, HTMLAttribute(.class, "charts"), HTMLAttribute(.ariaLabel, heading)) { section in
            section.element(.h3, text: heading)
            let samples = activity.samples
            section.chart("Requests", samples.map(\.requests), activity) { HumanText.count($0) }
            section.chart("Sent", samples.map(\.bytes), activity) { HumanText.size(bytes: $0) }
            section.chart("Nobody had it", samples.map(\.misses), activity) { HumanText.count($0) }
            section.element(.details) { details in
                details.element(.summary, text: "\(heading) in figures")
                details.figures(activity.summed(by: max(1, row / activity.step)))
            }
        }
    }

    private mutating func chart(
        _ title: String, _ values: [UInt64], _ activity: Activity, _ text: (UInt64) -> String
    ) {
        let chart = BarChart(values: values)
        let sum = values.saturatingSum
        let most = sum == 0 ? "" : ", at most \(text(chart.highest)) in \(HumanText.minutes(activity.step))"
        element(.figure) { figure in
            figure.element(.figcaption) { caption in
                caption.element(.span, HTMLAttribute(.class, "title"), text: title)
                caption.text(" \(text(sum))\(most)")
            }
            figure.element(
                .svg, HTMLAttribute(.viewBox, "0 0 \(chart.width) \(BarChart.height)"),
                HTMLAttribute(.preserveAspectRatio, "none"), HTMLAttribute(.role, "img"),
                HTMLAttribute(
                    .ariaLabel,
                    "\(title): \(text(sum)) in \(HumanText.minutes(activity.span))\(most). A bar is "
                        + "\(HumanText.minutes(activity.step)), the last one is now.")
            ) { $0.element(.path, HTMLAttribute(.d, chart.path), text: "") }
            figure.element(.p, HTMLAttribute(.class, "axis")) { axis in
                axis.element(.span, text: "\(HumanText.minutes(activity.span)) ago")
                axis.element(.span, text: "now")
            }
        }
    }

    /// The same for those who do not see the charts.
    private mutating func figures(_ activity: Activity) {
        table(
            caption: "Each \(HumanText.minutes(activity.step)), the latest first",
            columns: ["Began", "Requests", "Sent", "Nobody had it"]
        ) { body in
            for (age, sample) in activity.samples.reversed().enumerated() {
                body.element(.tr) { row in
                    row.headCell { $0.text("\(HumanText.minutes((age + 1) * activity.step)) ago") }
                    row.number("Requests", HumanText.count(sample.requests))
                    row.number("Sent", HumanText.size(bytes: sample.bytes))
                    row.number("Nobody had it", HumanText.count(sample.misses))
                }
            }
        }
    }
}
