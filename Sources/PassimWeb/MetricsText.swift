internal import PassimCore
package import PassimHTTP

/// Writes the text format of Prometheus, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).
package struct MetricsText {
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    package enum Kind: String, Sendable {
        /// Only goes up, and begins anew with the daemon.
        case counter
        case gauge
        /// Counters of how often a value was no more than a bound.
        case histogram
    }

    /// A label; its value is escaped when it is written.
    package struct Label: Sendable {
        let name: StaticString
        let value: String

        package init(_ name: StaticString, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The samples of one metric.
    package struct Samples {
        fileprivate let name: StaticString
        fileprivate var bytes: [UInt8]

        package mutating func add(_ value: some BinaryInteger, _ labels: Label...) {
            add(labels, "\(value)")
        }

        package mutating func add(_ value: Double, _ labels: Label...) {
            add(labels, MetricsText.text(value))
        }

        /// A histogram, in seconds.
        package mutating func add(_ times: TimeDistribution, _ labels: Label...) {
            var count: UInt64 = 0
            let bounds = TimeDistribution.bounds.map { Double($0) / 1e9 } + [.infinity]
            for (bound, more) in zip(bounds, times.counts) {
                count.add(saturating: more)
                add(labels + [Label("le", MetricsText.text(bound))], "\(count)", "_bucket")
            }
            add(labels, MetricsText.text(Double(times.nanoseconds) / 1e9), "_sum")
            add(labels, "\(count)", "_count")
        }

        private mutating func add(_ labels: [Label], _ value: String, _ suffix: StaticString = "") {
            bytes.append(contentsOf: "\(name)\(suffix)".utf8)
            if !labels.isEmpty {
                let pairs = labels.map { "\($0.name)=\"\(ForeignText.shown($0.value, in: .metrics))\"" }
                bytes.append(contentsOf: "{\(pairs.joined(separator: ","))}".utf8)
            }
            bytes.append(contentsOf: " \(value)\n".utf8)
        }
    }

    package private(set) var bytes: [UInt8] = []

    package init() {
        bytes.reserveCapacity(16384)
    }

    /// A metric with its samples; one that has none is left out.
    ///
    /// - Parameter name: `passim_`, what is measured, its base unit, and `_total` for counters.
    package mutating func metric(
        _ name: StaticString, _ kind: Kind, _ help: String, samples body: (inout Samples) -> Void
    ) {
        var samples = Samples(name: name, bytes: [])
        body(&samples)
        guard !samples.bytes.isEmpty else { return }
        bytes.append(contentsOf: "# HELP \(name) \(MetricsText.escaped(help))\n".utf8)
        bytes.append(contentsOf: "# TYPE \(name) \(kind.rawValue)\n".utf8)
        bytes += samples.bytes
    }

    /// A metric that is one number; nil leaves it out.
    package mutating func metric(
        _ name: StaticString, _ kind: Kind, _ help: String, _ value: (some BinaryInteger)?
    ) {
        metric(name, kind, help) { samples in
            if let value { samples.add(value) }
        }
    }

    package mutating func metric(_ name: StaticString, _ kind: Kind, _ help: String, _ value: Double?) {
        metric(name, kind, help) { samples in
            if let value { samples.add(value) }
        }
    }

    /// As Go's ParseFloat reads it.
    private static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        return value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : "\(value)"
    }

    /// Backslashes and ends of lines: the text is ours.
    private static func escaped(_ help: String) -> String {
        var escaped = ""
        for scalar in help.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
