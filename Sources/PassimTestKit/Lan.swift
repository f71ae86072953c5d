internal import Glibc
internal import PassimCore

/// Two hosts on a network of their own: network namespaces joined by a cable (veth(4)). Needs root.
package final class Lan: Sendable {
    /// A namespace, for `ChildProcess.Setting.namespace`.
    package let server: String
    package let client: String

    package static let serverAddress = "10.77.0.1"
    package static let clientAddress = "10.77.0.2"
    package static let serverAddress6 = "fd77::1"
    package static let clientAddress6 = "fd77::2"

    private static let count = Lock(0)

    package init() throws {
        let number = Lan.count.withLock { count in
            count += 1
            return count
        }
        server = "passim-\(getpid())-\(number)-s"
        client = "passim-\(getpid())-\(number)-c"
        do {
            try Command.succeed(["ip", "netns", "add", server])
            try Command.succeed(["ip", "netns", "add", client])
            try Command.succeed(
                [
                    "ip", "link", "add", "lan0", "netns", server, "type", "veth", "peer", "lan0", "netns",
                    client,
                ])
            for (namespace, addresses) in [
                (server, [Lan.serverAddress, Lan.serverAddress6]),
                (client, [Lan.clientAddress, Lan.clientAddress6]),
            ] {
                let ip = ["ip", "-n", namespace]
                try Command.succeed(ip + ["addr", "add", addresses[0] + "/24", "dev", "lan0"])
                // Without the second in which an address is only tried.
                try Command.succeed(ip + ["addr", "add", addresses[1] + "/64", "dev", "lan0", "nodad"])
                try Command.succeed(ip + ["link", "set", "lo", "up"])
                try Command.succeed(ip + ["link", "set", "lan0", "up"])
            }
        } catch {
            Lan.remove(server, client)
            throw error
        }
    }

    deinit {
        Lan.remove(server, client)
    }

    private static func remove(_ namespaces: String...) {
        for namespace in namespaces { _ = try? Command.run(["ip", "netns", "delete", namespace]) }
    }

    /// Whether this process may make one: for `.enabled(if: Lan.isPossible, "…")`.
    package static let isPossible: Bool = geteuid() == 0 && (try? Lan()) != nil

    /// The comment for tests that are skipped.
    package static let requirement = "needs root and network namespaces (ip netns)"

    /// Runs curl on one of the hosts.
    ///
    /// - Parameter arguments: after those that print the head, take any certificate, and keep the URL as
    ///   it is.
    package func curl(on host: String, _ arguments: [String], seconds: Double = 30) throws -> HTTPResponse {
        var setting = ChildProcess.Setting()
        setting.namespace = host
        let command = ["curl", "--silent", "--show-error", "--insecure", "--include", "--http1.1"]
        let options = ["--path-as-is", "--globoff", "--max-time", "\(seconds)"]
        return try HTTPResponse(whole: Command.succeed(command + options + arguments, setting).output)
    }
}

/// Whether this process may make mounts of its own: for `.enabled(if: canMount, "…")`.
package let canMount: Bool =
    geteuid() == 0
    && (try? Command.run(
        ["unshare", "--mount", "--propagation", "private", "mount", "-t", "tmpfs", "none", "/mnt"]))?
        .succeeded
        == true

/// Whether this process may start daemons with limits of their own: for `.enabled(if: canLimit, "…")`.
package let canLimit: Bool = {
    var setting = ChildProcess.Setting()
    setting.ownLimits = true
    let script = "echo 20 >/proc/sys/user/max_inotify_watches"
    return (try? Command.run(["sh", "-c", script], setting))?.succeeded == true
}()

/// Whether the tests run as root: permission tests start the daemon as another user.
package let isRoot = geteuid() == 0
