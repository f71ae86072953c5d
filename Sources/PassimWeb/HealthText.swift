package import PassimCore

/// `/healthz` and `/readyz`, for monitoring and for people with curl(1): a word, then a line for each trouble, the worst
/// first.
///
///     error: other machines cannot find this one
///     error discovery: other machines cannot find this one: avahi-daemon is not running: systemctl …
package struct HealthText: Sendable {
    private let health: Health

    package static let contentType = "text/plain; charset=utf-8"

    package init(_ health: Health) {
        self.health = health
    }

    /// True if nothing keeps others from what is to be shared.
    package var isReady: Bool { health.verdict != .error }

    /// `ok` in the first line as long as the daemon answers: a mirror of which one disk is missing serves the others, and
    /// to start it anew would help nobody.
    package var liveness: [UInt8] { text("ok") }

    /// The verdict in the first line.
    package var readiness: [UInt8] { text("\(health.verdict.rawValue): \(health.headline)") }

    private func text(_ first: String) -> [UInt8] {
        let lines = health.troubles.map { trouble in
            let command = trouble.command.isEmpty ? "" : ": \(trouble.command)"
            return "\(trouble.severity.rawValue) \(trouble.kind.rawValue): \(trouble.sentence)\(command)"
        }
        // As in a log: what is not text or ends a line is escaped.
        return Array(([first] + lines).map { ForeignText.shown($0, in: .log) + "\n" }.joined().utf8)
    }
}
