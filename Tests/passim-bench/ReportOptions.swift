internal import ArgumentParser

/// Where a benchmark's report goes, beside standard output.
struct ReportOptions: ParsableArguments {
    @Option(help: "Where to write the figures as JSON.")
    var json: String?
}
