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
        var isClean = configuration.complaints.isEmpty
        let daemon = configuration.daemon
        lines.append("\(paths.passimConf): port \(daemon.port), \(daemon.ipv6 ? "IPv4 and IPv6" : "IPv4 only")")
        for dropIn in configuration.dropIns {
            do throws(SystemError) {
                let root = try openRoot(of: dropIn.path)
                let count = try root.countFiles(of: dropIn)
                lines.append("\(dropIn.file): \(dropIn.path): \(count.files) files, \(count.bytes) bytes")
                if count.unreadable > 0 {
                    isClean = false
                    lines.append(
                        "\(dropIn.file): \(dropIn.path): \(count.unreadable) files or directories cannot be read")
                }
            } catch {
                isClean = false
                lines.append("\(dropIn.file): [passim] Path=\(dropIn.path): \(error.code.sentence)")
            }
        }
        lines += configuration.complaints.map { "\($0.severity.rawValue): \($0)" }
        if configuration.dropIns.isEmpty && configuration.failures.isEmpty {
            lines.append("\(paths.dropInDirectory): no drop-ins, so nothing is served but published items")
        }
        report = lines.map { $0 + "\n" }.joined()
        self.isClean = isClean
    }
}
