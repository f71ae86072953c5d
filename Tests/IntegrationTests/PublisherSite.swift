import PassimCore
import PassimTestKit

/// A daemon on a system bus of its own, and a client that is not ours to drive it.
final class PublisherSite {
    let bus: SystemBus
    let site: DaemonSite
    /// Whoever runs the tests.
    let client: StockBusClient

    /// - Parameter user: whom the daemon runs as.
    /// - Parameter settings: lines of `[daemon]`.
    init(user: UInt32? = nil, ownMounts: Bool = false, _ settings: String...) throws {
        bus = try SystemBus(.system(owner: user))
        site = try DaemonSite(user: user, ownMounts: ownMounts, environment: bus.environment)
        try site.configure(settings)
        client = try StockBusClient(bus.environment)
    }

    static let isPossible = isRoot
    static let requirement = "needs root: who publishes is told apart by the user"

    /// Returns when the daemon is on the bus and runs.
    func start(_ arguments: String..., after script: String? = nil) throws -> DaemonProcess {
        let daemon = try site.start(arguments, after: script)
        try daemon.process.waitForLine(containing: "on the system bus as")
        return daemon
    }

    func publish(
        _ content: String, as name: String = "file", kind: String = "file", _ attributes: String = ""
    ) async throws -> StockBusClient.Answer {
        // Longer ones are no arguments of a program.
        var content = content
        if content.utf8.count > 65536 {
            try site.tree.write("content", content)
            content = "@" + site.tree.absolute("content")
        }
        return try await client.run("publish", kind, content, "{'filename': <'\(name)'>\(attributes)}")
    }

    /// - Returns: the name of the error; nil where there is none.
    func unpublish(_ hash: String, by client: StockBusClient? = nil) async throws -> String? {
        try await (client ?? self.client).run("call", "org.freedesktop.Passim", "Unpublish", "('\(hash)',)")
            .error
    }

    /// What GetItems gives, key by key.
    func items() async throws -> [[String: String]] {
        try await client.run("items", "60").lines.map { line in
            Dictionary(
                line.split(separator: "\t").map { field in
                    let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                    return (String(parts[0]), String(parts[1]))
                }, uniquingKeysWith: { $1 })
        }
    }

    func property(_ name: String) async throws -> String? {
        try await client.run("properties").lines.first { $0.hasPrefix("\(name)=") }.map {
            String($0.dropFirst(name.utf8.count + 1))
        }
    }

    /// Lines of the audit log without their times.
    func auditLog() throws -> [String] {
        let place = "var/log/passim/audit.log"
        guard site.tree.exists(place) else { return [] }
        return String(decoding: try site.tree.read(place), as: UTF8.self).split(separator: "\n").map { line in
            String(line.drop { $0 != " " }.dropFirst())
        }
    }

    /// The files of the store.
    func stored() throws -> [RawName] {
        let place = "var/lib/passim/data"
        return site.tree.exists(place) ? try site.tree.list(place) : []
    }
}

/// Name of an error of GIO, with its code.
func gioError(_ code: Int) -> String {
    "org.gtk.GDBus.UnmappedGError.Quark._g_2dio_2derror_2dquark.Code\(code)"
}
