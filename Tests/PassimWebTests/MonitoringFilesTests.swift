import PassimCore
import PassimTestKit
import Testing

@testable import PassimWeb

/// Dashboard and alerts in etc/, held against the metrics that there are.
struct MonitoringFilesTests {
    private static let rules = "\(Products.repository)/etc/prometheus/passim.rules.yml"
    private static let rulesTests = "\(Products.repository)/etc/prometheus/passim.rules.test.yml"
    private static let dashboard = "\(Products.repository)/etc/grafana/passim.json"

    private func text(_ path: String) throws -> String { try Command.succeed(["cat", path]).text }

    /// Every query of the dashboard, with its variables replaced.
    private func queries() throws -> [String] {
        let program = """
            import json, sys
            def walk(node):
                if isinstance(node, dict):
                    if "expr" in node: print(node["expr"].replace("$__rate_interval", "5m"))
                    for child in node.values(): walk(child)
                elif isinstance(node, list):
                    for child in node: walk(child)
            walk(json.load(open(sys.argv[1])))
            """
        let outcome = try Command.succeed(["python3", "-c", program, MonitoringFilesTests.dashboard])
        return outcome.text.split(separator: "\n").map(String.init)
    }

    // MARK: Names

    /// A sample's name, and the labels that it has.
    private struct Known {
        var labels: [String: Set<String>] = [:]

        /// - Parameter metrics: as `/metrics` has them.
        init(_ metrics: String) {
            for line in metrics.split(separator: "\n") where !line.hasPrefix("#") {
                for selector in Selector.all(in: line) {
                    labels[selector.name, default: []].formUnion(selector.labels)
                }
            }
        }
    }

    /// `name{label="value",…}` or a name alone.
    private struct Selector {
        var name: String
        var labels: Set<String> = []

        static func all(in text: some StringProtocol) -> [Selector] {
            func isOfName(_ character: Character) -> Bool {
                character == "_" || (character.isASCII && (character.isLetter || character.isNumber))
            }
            var found: [Selector] = []
            var rest = Substring(text)
            while let start = rest.firstIndex(where: isOfName) {
                let word = rest[start...].prefix(while: isOfName)
                rest = rest[word.endIndex...]
                guard word.hasPrefix("passim_") || word.hasPrefix("process_") else { continue }
                var selector = Selector(name: String(word))
                if rest.first == "{", let end = rest.firstIndex(of: "}") {
                    // Values of these have no comma.
                    for pair in rest[..<end].dropFirst().split(separator: ",") {
                        selector.labels.insert(String(pair.prefix(while: isOfName)))
                    }
                    rest = rest[end...]
                }
                found.append(selector)
            }
            return found
        }
    }

    /// What Prometheus adds to each sample.
    private static let added: Set = ["job", "instance"]

    private func expectKnown(_ query: some StringProtocol) {
        let known = Known(MetricsTests.whole)
        for selector in Selector.all(in: query) {
            guard let labels = known.labels[selector.name] else {
                Issue.record("\(selector.name) is no metric of passimd: \(query)")
                continue
            }
            let unknown = selector.labels.subtracting(labels).subtracting(MonitoringFilesTests.added)
            #expect(unknown.isEmpty, "\(selector.name) has no such label: \(query)")
        }
    }

    @Test func dashboardAsksForMetricsThatThereAre() throws {
        let queries = try queries()
        #expect(queries.count >= 40)
        for query in queries {
            #expect(!Selector.all(in: query).isEmpty, "\(query)")
            expectKnown(query)
        }
    }

    @Test func alertsAskForMetricsThatThereAre() throws {
        let text = try text(MonitoringFilesTests.rules)
        #expect(Selector.all(in: text).count > 15)
        expectKnown(text)
    }

    @Test func manualHasEachMetric() throws {
        let manual = try text("\(Products.repository)/etc/man/passimd.8")
        for line in MetricsTests.whole.split(separator: "\n") where line.hasPrefix("# HELP passim_") {
            let name = line.split(separator: " ")[2]
            #expect(manual.contains("\(name) ") || manual.contains("\(name)\n"), "\(name)")
        }
    }

    // MARK: Alerts

    @Test func thereIsAnAlertForEachKindOfTrouble() throws {
        let lines = try text(MonitoringFilesTests.rules).split(separator: "\n")
        let others = try #require(lines.first { $0.contains("kind!~") })
        for kind in Trouble.Kind.allCases where kind != .other {
            let expression = "        expr: passim_trouble{kind=\"\(kind.rawValue)\"} == 1"
            #expect(lines.count { $0 == expression } == 1, "\(kind)")
            let named = others.split { "\"|".contains($0) }
            #expect(named.contains(Substring(kind.rawValue)), "\(kind)")
        }
    }

    @Test func eachAlertIsSeenToFire() throws {
        let rules = try text(MonitoringFilesTests.rules)
        let tests = try text(MonitoringFilesTests.rulesTests)
        let names = rules.split(separator: "\n").filter { $0.hasPrefix("      - alert: ") }
            .map { $0.dropFirst(15) }
        #expect(Set(names).count == names.count && names.count > 15)
        for name in names {
            #expect(
                tests.contains("        alertname: \(name)\n        exp_alerts:\n          - exp_labels:\n"),
                "\(name)")
        }
    }

    // MARK: Prometheus

    private static let hasPromtool = (try? Command.run(["promtool", "--version"]))?.succeeded == true
    private static let wantsPromtool: Comment =
        "needs promtool (Debian: prometheus; scripts/test --long installs it)"

    @Test(.enabled(if: hasPromtool, wantsPromtool))
    func prometheusTakesTheAlerts() throws {
        try Command.succeed(["promtool", "check", "rules", MonitoringFilesTests.rules])
        try Command.succeed(["promtool", "test", "rules", MonitoringFilesTests.rulesTests])
    }

    @Test(.enabled(if: hasPromtool, wantsPromtool))
    func prometheusUnderstandsTheQueriesOfTheDashboard() throws {
        let tree = try TemporaryTree()
        var rules = "groups:\n- name: dashboard\n  rules:\n"
        for (number, query) in try queries().enumerated() {
            rules += "  - record: query\(number)\n    expr: |\n      \(query)\n"
        }
        try tree.write("rules.yml", rules)
        try Command.succeed(["promtool", "check", "rules", "--lint=none", tree.absolute("rules.yml")])
    }
}
