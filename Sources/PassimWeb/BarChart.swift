/// Bars of the same width beside each other, as one path of SVG.
struct BarChart {
    let values: [UInt64]

    static let height = 100
    /// Width of a bar and its gap.
    private static let pitch = 10
    private static let bar = 8

    var width: Int { max(1, values.count * BarChart.pitch) }

    var highest: UInt64 { values.max() ?? 0 }

    /// The attribute `d`: the highest bar reaches the top, and none that is not zero is too low to be seen.
    var path: String {
        var path = ""
        guard highest > 0 else { return path }
        for (number, value) in values.enumerated() where value > 0 {
            let share = Double(value) / Double(highest)
            let top = BarChart.height - max(2, Int((share * Double(BarChart.height)).rounded()))
            path +=
                "M\(number * BarChart.pitch) \(BarChart.height)V\(top)h\(BarChart.bar)V\(BarChart.height)z"
        }
        return path
    }
}
