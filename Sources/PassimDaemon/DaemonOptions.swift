/// Options of command line and environment.
package struct DaemonOptions: Sendable {
    /// Any user may publish, not only root.
    package var insecure: Bool
    /// Stop after ten seconds, as some tests of other programs want it.
    package var timedExit: Bool
    package var environment: [String: String]

    package init(insecure: Bool, timedExit: Bool, environment: [String: String]) {
        self.insecure = insecure
        self.timedExit = timedExit
        self.environment = environment
    }
}
