internal import Glibc
internal import PassimCore

/// Two hosts in networks of their own, and a router between them: network namespaces joined by cables (veth(4)). Needs
/// root.
package final class RoutedLan: Sendable {
    package let left: String
    package let router: String
    package let right: String

    package static let leftAddress = "10.77.0.1"
    package static let rightAddress = "10.78.0.1"

    private static let count = Lock(0)

    package init() throws {
        let number = RoutedLan.count.withLock { count in
            count += 1
            return count
        }
        let name = "passim-\(getpid())-r\(number)"
        (left, router, right) = ("\(name)-l", "\(name)-r", "\(name)-t")
        Leavings.add(namespaces: [left, router, right])
        do {
            for namespace in [left, router, right] {
                try Command.succeed(["ip", "netns", "add", namespace])
                try Command.succeed(["ip", "-n", namespace, "link", "set", "lo", "up"])
            }
            try connect(left, "10.77.0", to: "lan0")
            try connect(right, "10.78.0", to: "lan1")
            try Command.succeed(
                ["ip", "netns", "exec", router, "sysctl", "--quiet", "--write", "net.ipv4.ip_forward=1"])
        } catch {
            remove()
            throw error
        }
    }

    private func connect(_ host: String, _ network: String, to port: String) throws {
        try Command.succeed(
            ["ip", "link", "add", "lan0", "netns", host, "type", "veth", "peer", port, "netns", router])
        let ends = [(host, "lan0", "\(network).1"), (router, port, "\(network).254")]
        for (namespace, interface, address) in ends {
            let ip = ["ip", "-n", namespace]
            try Command.succeed(ip + ["addr", "add", "\(address)/24", "dev", interface])
            try Command.succeed(ip + ["link", "set", interface, "up"])
        }
        try Command.succeed(["ip", "-n", host, "route", "add", "default", "via", "\(network).254"])
    }

    deinit {
        remove()
    }

    private func remove() {
        for namespace in [left, router, right] {
            _ = try? Command.run(["ip", "netns", "delete", namespace])
        }
        Leavings.forget(namespaces: [left, router, right])
    }
}
