import PassimCore
import PassimTestKit
import Testing

/// The real daemon with something to ask for, and what it takes while nobody asks.
final class AbusedDaemon {
    let site: DaemonSite
    let daemon: DaemonProcess
    let atRest: ConnectionUse
    var port: UInt16 { daemon.port }

    static let content = "content of the small file\n"
    static let small = Digest(of: content)
    static let largeSize = 12 << 20
    private(set) var large = Digest(of: "")
    /// Asked for in vain.
    static let unknown = Digest(of: "nobody's")

    /// - Parameter settings: lines of `[daemon]`.
    /// - Parameter line: of the log, which tells that the daemon is ready.
    /// - Parameter prepare: before the daemon starts.
    init(
        withLarge: Bool = false, environment: [String: String?] = [:], readyWith line: String? = nil,
        _ settings: [String] = [], prepare: (DaemonSite) throws -> Void = { _ in }
    ) throws {
        site = try DaemonSite(environment: environment)
        try site.configure(settings)
        try site.put("small", AbusedDaemon.content)
        if withLarge {
            try site.tree.truncate("mirror/large", to: UInt64(AbusedDaemon.largeSize))
            try site.tree.setModified("mirror/large", DaemonSite.longAgo)
            large = try site.tree.digest(of: "mirror/large")
        }
        try site.share()
        try prepare(site)
        daemon = try site.start()
        try daemon.firstPass()
        if let line { try daemon.process.waitForLine(containing: line) }
        atRest = try daemon.connectionUse()
    }

    var targets: RudeClient.Targets {
        RudeClient.Targets(
            small: AbusedDaemon.small, large: large, largeSize: AbusedDaemon.largeSize,
            unknown: AbusedDaemon.unknown)
    }

    static let request = request(small)

    static func request(_ digest: Digest, _ fields: String = "") -> String {
        "GET /file?sha256=\(digest.hex) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n"
    }

    /// A connection below HTTP.
    func client(_ change: (inout TLSClient.Options) -> Void = { _ in }) throws -> TLSClient {
        try TLSClient(connectingTo: "127.0.0.1", port: port, AbusedDaemon.options(change))
    }

    func exchange(_ change: (inout TLSClient.Options) -> Void = { _ in }) throws -> HTTPExchange {
        try HTTPExchange(port: port, AbusedDaemon.options(change))
    }

    static func options(_ change: (inout TLSClient.Options) -> Void) -> TLSClient.Options {
        var options = TLSClient.Options()
        // For liveness only.
        options.seconds = 60
        change(&options)
        return options
    }

    static func only(_ version: TLSClient.Version) -> (inout TLSClient.Options) -> Void {
        {
            $0.minimum = version
            $0.maximum = version
        }
    }

    /// How much memory it has taken since then. Of a sanitized one, which keeps what was freed, nothing is expected.
    ///
    /// - Parameter limit: KiB, as what is returned.
    @discardableResult
    func expectGrowth(
        since before: Int, below limit: Int, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Int {
        let growth = try daemon.status("VmRSS") - before
        #expect(isSanitized || growth < limit, sourceLocation: sourceLocation)
        return growth
    }

    /// What abuse must leave working for others.
    func expectServesOthers(_ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation)
        throws
    {
        let response = try exchange().request(AbusedDaemon.request)
        #expect(response.status == 200, comment, sourceLocation: sourceLocation)
        #expect(response.text == AbusedDaemon.content, comment, sourceLocation: sourceLocation)
    }

    /// Everything that abusers took is given back.
    ///
    /// - Parameter files: whether files have to be closed, too, which takes some seconds.
    func expectNothingTaken(
        files: Bool = false, within seconds: Double = 30, _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var wanted = atRest
        if !files { wanted.files = nil }
        let difference = try daemon.difference(from: wanted, within: seconds)
        #expect(difference == nil, comment, sourceLocation: sourceLocation)
        #expect(daemon.isRunning, comment, sourceLocation: sourceLocation)
    }

    /// Nothing but what is said always, and no more than one warning a connection could make.
    func expectQuietLog(sourceLocation: SourceLocation = #_sourceLocation) {
        let lines = daemon.log.split(separator: "\n").filter {
            $0.contains("warning") || $0.contains("error")
        }
        #expect(lines.count < 10, "\(lines.prefix(10))", sourceLocation: sourceLocation)
    }
}
