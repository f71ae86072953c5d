package import PassimCore

/// The real daemon, started on a free port; ended with the last reference.
package final class DaemonProcess: Sendable {
    package let process: ChildProcess
    package let port: UInt16
    package let site: DaemonSite

    /// Returns when it listens.
    init(_ site: DaemonSite, _ arguments: [String], after script: String?) throws {
        self.site = site
        var setting = ChildProcess.Setting()
        setting.user = site.user
        setting.namespace = site.namespace
        setting.ownMounts = site.ownMounts
        setting.ownLimits = site.ownLimits
        setting.environment = [
            "SYSCONFDIR": site.tree.absolute("etc"), "LOCALSTATEDIR": site.tree.absolute("var"),
            "NOTIFY_SOCKET": nil, "JOURNAL_STREAM": nil,
            // Nobody on the network of whoever runs the tests is to hear of them.
            "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=\(site.tree.absolute("no-bus"))",
        ].merging(site.environment) { $1 }
        let prefix = script.map { ["sh", "-e", "-c", $0 + "\nexec \"$@\"", "sh"] } ?? []
        process = try ChildProcess(prefix + [site.program()] + arguments, setting)
        let line = try process.waitForLine { DaemonProcess.port(in: $0) != nil }.line
        // It was found in this line a moment ago.
        port = DaemonProcess.port(in: line)!
    }

    /// The number behind `listening on port `.
    private static func port(in line: String) -> UInt16? {
        numbers(in: line, after: "listening on port ").flatMap { UInt16(exactly: $0) }
    }

    /// The number that follows `words` in a line.
    static func numbers(in line: String, after words: String) -> Int? {
        let bytes = Array(line.utf8)
        let wanted = Array(words.utf8)
        guard bytes.count > wanted.count else { return nil }
        for start in 0..<(bytes.count - wanted.count) where bytes[start...].starts(with: wanted) {
            let digits = bytes[(start + wanted.count)...].prefix { (0x30...0x39).contains($0) }
            return Int(String(decoding: digits, as: UTF8.self))
        }
        return nil
    }

    package struct FirstPass: Equatable, Sendable {
        package var served: Int
        package var hashed: Int

        package init(served: Int, hashed: Int) {
            self.served = served
            self.hashed = hashed
        }
    }

    /// Waits for the line `first pass done: N files served, H hashed …`.
    @discardableResult
    package func firstPass(seconds: Double = 120) throws -> FirstPass {
        let line = try process.waitForLine(containing: "first pass done", seconds: seconds).line
        let words = line.split { $0 == " " || $0 == "," || $0 == "(" }
        guard let served = DaemonProcess.numbers(in: line, after: "first pass done: "),
            let word = words.firstIndex(of: "hashed"), word > 0, let hashed = Int(words[word - 1])
        else { throw TestFailure("not understood: \(line)") }
        return FirstPass(served: served, hashed: hashed)
    }

    package func connect(_ options: TLSClient.Options = .init()) throws -> HTTPExchange {
        try HTTPExchange(port: port, options)
    }

    /// One request over a connection of its own, from loopback.
    package func request(
        _ method: String, _ target: String, host: String = "localhost", _ headers: String...
    ) throws -> HTTPResponse {
        try connect().request(method, target, host: host, headers)
    }

    package func get(_ target: String) throws -> HTTPResponse {
        try request("GET", target)
    }

    /// Fetches by digest.
    package func fetch(_ digest: Digest, name: String = "file", _ headers: String...) throws -> HTTPResponse {
        try connect().request("GET", "/\(name)?sha256=\(digest.hex)", headers)
    }

    /// Asks until it is served, as files are while the first pass goes on or after a change; each try waits
    /// for an answer, and all of them together no longer than `seconds`.
    package func fetchWhenServed(_ digest: Digest, seconds: Double = 30) throws -> HTTPResponse {
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            let response = try fetch(digest)
            if response.status == 200 || ContinuousClock.now > end { return response }
        }
    }

    /// Runs a program among the daemon's mounts: mount(8), umount(8). For a site with `ownMounts`.
    @discardableResult
    package func runAmongItsMounts(_ arguments: String...) throws -> Command.Outcome {
        try Command.succeed(mountPrefix + arguments)
    }

    /// What runs the rest of a command among the daemon's mounts.
    package var mountPrefix: [String] { ["nsenter", "--mount", "--target", "\(process.identifier)"] }

    package var isRunning: Bool { process.end == nil }

    /// What it has said.
    package var log: String { process.errorText }

    /// From /proc/PID/status: a line's number, `VmRSS` (KiB) say.
    package func status(_ name: String) throws -> Int { try process.status(name) }

    package var openDescriptors: Int {
        get throws {
            try Command.succeed(["ls", "/proc/\(process.identifier)/fd"]).text.split(separator: "\n").count
        }
    }
}
