internal import PassimCore
internal import PassimGLib

extension Trouble {
    /// Writes the entries of one member of the property Troubles of the interface Mirror:
    ///
    /// | key | type | |
    /// | --- | --- | --- |
    /// | `severity` | s | `error` or `warning` |
    /// | `kind` | s | `discovery`, `directory`, `disk` …: one of `Trouble.Kind` |
    /// | `subject` | s | which of its kind |
    /// | `what`, `why` | s | for people; `why` may be empty |
    /// | `command` | s | what to do, a command where there is one; may be empty |
    /// | `since` | x | Unix seconds; left out where it is not known |
    func write(to builder: inout VariantBuilder) {
        builder.entry("severity", severity.rawValue)
        builder.entry("kind", kind.rawValue)
        builder.entry("subject", subject)
        builder.entry("what", what)
        builder.entry("why", why)
        builder.entry("command", command)
        if let since { builder.entry("since", since) }
    }

    /// Unknown severities are errors, unknown kinds are `other`: rather that than nothing.
    ///
    /// - Returns: nil where it does not say what there is.
    init?(_ dictionary: Variant) {
        func text(_ key: String) -> String { dictionary.value(forKey: key)?.string ?? "" }
        let what = text("what")
        if what.isEmpty { return nil }
        self.init(
            Severity(rawValue: text("severity")) ?? .error, Kind(rawValue: text("kind")) ?? .other,
            subject: text("subject"), what, why: text("why"), command: text("command"),
            since: dictionary.value(forKey: "since")?.int64)
    }
}
