internal import PassimConfig
internal import PassimCore
internal import PassimMirror
internal import PassimSystem

/// `--check-config`: what would be served, and everything that is wrong, without serving.
struct ConfigurationCheck {
    let report: String
    let isClean: Bool

    init(paths: Paths) {
        let configuration = Configuration.read(systemConfigurationDirectory: paths.systemConfiguration)
        var lines: [String] = []
        var isClean = configuration.allComplaints.isEmpty
        let daemon = configuration.daemon
        lines.append(
            "\(paths.passimConf): port \(daemon.port), \(daemon.ipv6 ? "IPv4 and IPv6" : "IPv4 only")")
        for dropIn in configuration.dropIns {
            do throws(SystemError) {
                let census = try Census(of: dropIn)
                lines.append("\(dropIn.file): \(dropIn.path): \(census.files) files, \(census.bytes) bytes")
                if let first = census.firstUnreadable {
                    isClean = false
                    lines.append(
                        """
                        error: \(dropIn.file): \(dropIn.path): \(census.unreadable) files or directories \
                        cannot be read, the first: \(first)
                        """)
                }
            } catch {
                isClean = false
                lines.append("error: \(dropIn.file): [passim] Path=\(dropIn.path): \(error.sentence)")
            }
        }
        lines += configuration.allComplaints.map { "\($0.severity.rawValue): \($0)" }
        if configuration.dropIns.isEmpty && configuration.failures.isEmpty {
            lines.append("\(paths.dropInDirectory): no drop-ins, so nothing is served but published items")
        }
        report = lines.map { $0 + "\n" }.joined()
        self.isClean = isClean
    }
}
