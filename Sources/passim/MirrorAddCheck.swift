internal import Glibc
internal import PassimBus
internal import PassimConfig
internal import PassimCore
internal import PassimMirror
internal import PassimSystem

/// Obstacles to sharing a directory that is about to be added, as `passimd --check-config` tells them.
struct MirrorAddCheck {
    private(set) var problems: [String] = []
    /// Opens the firewall; nil if it is open, or nobody knows.
    private(set) var firewallCommand: String?

    /// - Parameters:
    ///   - path: absolute.
    ///   - name: of the drop-in's file.
    ///   - isMade: the directory is made if it is missing.
    init(_ path: String, named name: String, _ paths: Paths, isMissing: Bool, isMade: Bool = false) {
        let configuration = Configuration.read(systemConfigurationDirectory: paths.systemConfiguration)
        let sandbox = UnitSandbox.read(systemConfiguration: paths.systemConfiguration)
        let shown = RawName(path)
        if isMissing, !isMade { problems.append("\(shown) is not there; it is shared when it appears") }
        if let obstacle = sandbox?.obstacle(to: path) {
            problems.append("\(shown) cannot be shared yet: \(obstacle)")
        } else if !isMissing {
            problems += MirrorAddCheck.reading(path, name, configuration, paths, sandbox)
        }
        ask(configuration.daemon.port)
    }

    private static func reading(
        _ path: String, _ name: String, _ configuration: Configuration, _ paths: Paths,
        _ sandbox: UnitSandbox?
    ) -> [String] {
        let dropIn = DropIn(name: name, file: "\(paths.dropInDirectory)/\(name)", path: path)
        // The daemon's user is known only of the packaged one.
        let user = paths.systemConfiguration == "/etc" && geteuid() == 0 ? ActingUser.named("passim") : nil
        let run: @Sendable () -> [String] = { look(at: dropIn, configuration, paths, user?.user, sandbox) }
        return user.flatMap { try? $0.run(run) } ?? run()
    }

    private static func look(
        at dropIn: DropIn, _ configuration: Configuration, _ paths: Paths, _ user: UInt32?,
        _ sandbox: UnitSandbox?
    ) -> [String] {
        let privates = PrivateDirectories(
            paths.privateDirectories(published: configuration.daemon.path ?? paths.publishedItems))
        let walk = PathWalk(
            privates, trusting: Set([user, userIdentifier(named: "passim")].compactMap { $0 }))
        var problems: [String] = []
        do throws(PathWalk.Failure) {
            let count = try DropInCount(of: dropIn, by: walk, besides: privates)
            if let obstacle = sandbox?.obstacle(to: "\(count.place)") {
                problems.append("\(RawName(dropIn.path)) leads to \(count.place), and \(obstacle)")
            }
            if let first = count.firstUnreadable {
                problems.append(
                    "\(count.unreadable) files or directories cannot be read by the daemon, the first: \(first)"
                )
            }
            var overlaps = DropInOverlaps()
            for other in configuration.dropIns where other.name != dropIn.name {
                if let place = try? walk.run(other.path).currentPath() { overlaps.add(other, at: place) }
            }
            overlaps.add(dropIn, at: count.place)
            problems += overlaps.complaints.map(\.description)
        } catch {
            problems.append("\(RawName(dropIn.path)) cannot be shared yet: \(error.sentence)")
        }
        return problems
    }

    private mutating func ask(_ port: UInt16) {
        guard port > 0, case .closed(let zone) = FirewallQuery.ask(port: port) else { return }
        problems.append("firewalld has port \(port) closed in the zone \(zone)")
        firewallCommand = FirewallQuery.command(port: port, zone: zone)
    }
}
