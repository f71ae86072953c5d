/// Bars of the same width beside each other, as one path of SVG.
struct BarChart {
    /// Bytes.
    let values: [UInt64]

    static let height = 100
    /// Width of a bar and its gap.
    private static let pitch = 10
    private static let bar = 8

    var width: Int { max(1, values.count * BarChart.pitch) }

    var highest: UInt64 { values.max() ?? 0 }

    /// The value at the chart's top: the next round size, at least 1.
    var ceiling: UInt64 { BarChart.roundSize(atLeast: highest) }

    /// The attribute `d`: no bar that is not zero is too low to be seen.
    var path: String {
        var path = ""
        guard highest > 0 else { return path }
        let ceiling = Double(ceiling)
        for (number, value) in values.enumerated() where value > 0 {
            let share = Double(value) / ceiling
            let top = BarChart.height - max(2, Int((share * Double(BarChart.height)).rounded()))
            path +=
                "M\(number * BarChart.pitch + 1) \(BarChart.height)V\(top)h\(BarChart.bar)V\(BarChart.height)z"
        }
        return path
    }

    /// One, one and a half, two… of a power of ten of a binary unit.
    private static func roundSize(atLeast value: UInt64) -> UInt64 {
        let value = Double(value)
        var unit = 1.0
        while value / unit >= 1000 { unit *= 1024 }
        var ten = 1.0
        while value / unit > ten * 10 { ten *= 10 }
        for step in [1, 1.5, 2, 3, 4, 5, 6, 8] where step * ten * unit >= value {
            return UInt64(exactly: (step * ten * unit).rounded()) ?? .max
        }
        return UInt64(exactly: ten * 10 * unit) ?? .max
    }
}
