internal import Glibc
internal import PassimCore

/// Hosts on a network of their own: network namespaces, two of them joined by a cable (veth(4)), more of them by
/// a switch (a bridge in a namespace more). Needs root.
package final class Lan: Sendable {
    /// Namespaces, for `ChildProcess.Setting.namespace`.
    package let hosts: [String]
    private let bridge: String?
    /// Those of the hosts and of the bridge.
    private let namespaces: [String]

    package var server: String { hosts[0] }
    package var client: String { hosts[1] }

    package static let serverAddress = address(of: 0)
    package static let clientAddress = address(of: 1)
    package static let serverAddress6 = address6(of: 0)
    package static let clientAddress6 = address6(of: 1)

    package static func address(of host: Int) -> String { "10.77.0.\(host + 1)" }
    package static func address6(of host: Int) -> String { "fd77::\(String(host + 1, radix: 16))" }

    private static let count = Lock(0)

    /// - Parameter count: 2 to 200 hosts.
    package init(hosts count: Int = 2) throws {
        let number = Lan.count.withLock { count in
            count += 1
            return count
        }
        let name = "passim-\(getpid())-\(number)"
        hosts = (0..<count).map { host in
            switch host {
            case 0: "\(name)-s"
            case 1: "\(name)-c"
            default: "\(name)-\(host)"
            }
        }
        bridge = count > 2 ? "\(name)-b" : nil
        namespaces = hosts + [bridge].compactMap { $0 }
        Leavings.add(namespaces: namespaces)
        do {
            try connect()
            for (number, host) in hosts.enumerated() { try configure(host, number) }
        } catch {
            Lan.remove(namespaces)
            throw error
        }
    }

    private func connect() throws {
        for namespace in hosts { try Command.succeed(["ip", "netns", "add", namespace]) }
        guard let bridge else {
            try Command.succeed(
                [
                    "ip", "link", "add", "lan0", "netns", hosts[0], "type", "veth", "peer", "lan0", "netns",
                    hosts[1],
                ])
            return
        }
        try Command.succeed(["ip", "netns", "add", bridge])
        let ip = ["ip", "-n", bridge, "link"]
        // Without snooping: it forwards multicast only where a querier has asked.
        try Command.succeed(ip + ["add", "switch0", "type", "bridge", "mcast_snooping", "0"])
        try Command.succeed(ip + ["set", "switch0", "up"])
        for (number, host) in hosts.enumerated() {
            let port = "port\(number)"
            try Command.succeed(
                [
                    "ip", "link", "add", "lan0", "netns", host, "type", "veth", "peer", port, "netns", bridge,
                ])
            try Command.succeed(ip + ["set", port, "master", "switch0", "up"])
        }
    }

    private func configure(_ host: String, _ number: Int) throws {
        let ip = ["ip", "-n", host]
        try Command.succeed(ip + ["addr", "add", Lan.address(of: number) + "/24", "dev", "lan0"])
        // Without the second in which an address is only tried.
        try Command.succeed(ip + ["addr", "add", Lan.address6(of: number) + "/64", "dev", "lan0", "nodad"])
        try Command.succeed(ip + ["link", "set", "lo", "up"])
        try Command.succeed(ip + ["link", "set", "lan0", "up"])
    }

    deinit {
        Lan.remove(namespaces)
    }

    private static func remove(_ namespaces: [String]) {
        for namespace in namespaces { _ = try? Command.run(["ip", "netns", "delete", namespace]) }
        Leavings.forget(namespaces: namespaces)
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

/// Whether this process may mount file systems in user space by bindfs(1): for `.enabled(if: hasFUSE, "…")`.
package let hasFUSE: Bool =
    canMount
    && (try? Command.run(["sh", "-c", "command -v bindfs && test -e /dev/fuse"]))?.succeeded == true

/// Whether this process may start daemons with limits of their own: for `.enabled(if: canLimit, "…")`.
package let canLimit: Bool = {
    var setting = ChildProcess.Setting()
    setting.ownLimits = true
    let script = "echo 20 >/proc/sys/user/max_inotify_watches"
    return (try? Command.run(["sh", "-c", script], setting))?.succeeded == true
}()

/// Whether the tests run as root: permission tests start the daemon as another user.
package let isRoot = geteuid() == 0
