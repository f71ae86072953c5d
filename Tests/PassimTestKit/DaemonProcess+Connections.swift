internal import Glibc
internal import PassimCrypto

/// What connections take of a daemon.
package struct ConnectionUse: Equatable, Sendable, CustomStringConvertible {
    /// As /metrics counts them, but the one that asked.
    package var connections: Int
    /// Sockets of the process, listening ones too, but that of the one that asked.
    package var sockets: Int
    /// Of files; each is kept open for some seconds after its last use. nil: whatever they are.
    package var files: Int?

    package var description: String {
        "\(connections) connections, \(sockets) sockets, \(files.map { "\($0)" } ?? "any") files"
    }
}

extension DaemonProcess {
    /// A number of /metrics.
    ///
    /// - Parameter name: with its labels; without them the sum over all labels.
    package func metric(_ name: String) throws -> Int {
        try DaemonProcess.metric(name, in: connect().request("GET", "/metrics").text)
    }

    private static func metric(_ name: String, in text: String) throws -> Int {
        let values = text.split(separator: "\n").filter {
            $0.hasPrefix(name + " ") || $0.hasPrefix(name + "{")
        }
        .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
        guard !values.isEmpty else { throw TestFailure("/metrics has no \(name)") }
        return values.reduce(0, +)
    }

    /// What connections take now.
    package func connectionUse() throws -> ConnectionUse {
        let exchange = try connect()
        let text = try exchange.request("GET", "/metrics").text
        // While the one that asks is there for certain. What is closed meanwhile is no failure.
        let links = try withExtendedLifetime(exchange) {
            try Command.run([
                "find", "/proc/\(process.identifier)/fd", "-type", "l", "-printf", "%l\\n",
            ])
        }
        let targets = links.text.split(separator: "\n")
        return ConnectionUse(
            connections: try DaemonProcess.metric("passim_connections", in: text) - 1,
            sockets: targets.count { $0.hasPrefix("socket:") } - 1,
            files: targets.count { $0.hasPrefix(site.tree.absolute("mirror") + "/") })
    }

    /// Waits until connections take what they took before.
    ///
    /// - Parameter seconds: files are given back some seconds after their last use.
    /// - Returns: what differs in the end; nil where nothing does.
    package func difference(from before: ConnectionUse, within seconds: Double = 30) throws -> ConnectionUse?
    {
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            var now = try connectionUse()
            if before.files == nil { now.files = nil }
            if now == before { return nil }
            if ContinuousClock.now >= end { return now }
            usleep(20_000)
        }
    }
}
