internal import PassimConfig
internal import PassimCore
internal import PassimMirror
internal import PassimSystem

/// `--check-config`: what would be served, and everything that is wrong, without serving.
struct ConfigurationCheck {
    private(set) var report = ""
    private(set) var isClean: Bool
    private var overlaps = DropInOverlaps()

    init(paths: Paths) {
        let configuration = Configuration.read(systemConfigurationDirectory: paths.systemConfiguration)
        isClean = configuration.allComplaints.isEmpty
        let daemon = configuration.daemon
        let plain = daemon.httpPort > 0 ? " and \(daemon.httpPort) (plain HTTP)" : ""
        add(
            "\(paths.passimConf): port \(daemon.port)\(plain), \(daemon.ipv6 ? "IPv4 and IPv6" : "IPv4 only")"
        )
        let privates = PrivateDirectories(
            paths.privateDirectories(published: daemon.path ?? paths.publishedItems))
        // Whoever checks is root, and the daemon is not.
        let walk = PathWalk(privates, trusting: Set([userIdentifier(named: "passim")].compactMap { $0 }))
        for (number, dropIn) in configuration.dropIns.enumerated() {
            do throws(PathWalk.Failure) {
                let claims = NameClaims(of: dropIn, after: Array(configuration.dropIns[..<number]))
                let census = try Census(of: dropIn, by: walk, besides: privates) { claims?.look(at: $0) }
                add(census, of: dropIn)
                for complaint in claims?.complaints ?? [] {
                    isClean = false
                    add("warning: \(complaint)")
                }
            } catch {
                isClean = false
                add("error: \(dropIn.file): [passim] Path=\(dropIn.path): \(error.sentence)")
            }
        }
        for complaint in overlaps.complaints + configuration.allComplaints {
            add("\(complaint.severity.rawValue): \(complaint)")
        }
        if configuration.dropIns.isEmpty && configuration.failures.isEmpty {
            add("\(paths.dropInDirectory): no drop-ins, so nothing is served but published items")
        }
    }

    private mutating func add(_ line: String) { report += line + "\n" }

    private mutating func add(_ census: Census, of dropIn: DropIn) {
        add("\(dropIn.file): \(dropIn.path): \(census.files) files, \(census.bytes) bytes")
        if let first = census.firstUnreadable {
            isClean = false
            add(
                """
                error: \(dropIn.file): \(dropIn.path): \(census.unreadable) files or directories \
                cannot be read, the first: \(first)
                """)
        }
        for path in census.leftOut {
            add("\(dropIn.file): \(RawName(dropIn.path).appending(path)) is passimd's own and left out")
        }
        for glob in census.idlePatterns where census.unreadable == 0 {
            // Other programs have other separators.
            let hint =
                glob.pattern.contains(where: { $0 == "," || $0 == " " })
                ? "; patterns are separated by ;" : ""
            let complaint = Complaint(
                .warning, file: dropIn.file, group: "passim", key: "Include", value: glob.pattern,
                "no file matches\(hint)")
            add("warning: \(complaint)")
        }
        overlaps.add(dropIn, at: census.place)
    }
}
