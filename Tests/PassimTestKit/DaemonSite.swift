package import PassimCore

/// What a daemon finds when it starts: configuration, state, and directories to serve; outlives its runs.
package final class DaemonSite: Sendable {
    /// `etc` and `var` of the daemon, and `mirror`.
    package let tree: TemporaryTree
    /// Whom the daemon runs as; nil is whoever runs the tests.
    package let user: UInt32?
    /// The network namespace it runs in.
    package let namespace: String?
    /// Whether its mounts are its own.
    package let ownMounts: Bool
    /// Whether its limits of inotify(7) are its own.
    package let ownLimits: Bool
    /// Besides where its configuration and state are; nil removes.
    package let environment: [String: String?]

    /// nobody, as far as numbers go.
    package static let unprivileged: UInt32 = 65534

    /// - Parameter settings: lines of `[daemon]` besides `Port=0`.
    package init(
        user: UInt32? = nil, namespace: String? = nil, ownMounts: Bool = false,
        ownLimits: Bool = false, environment: [String: String?] = [:], _ settings: String...
    ) throws {
        tree = try TemporaryTree()
        self.user = user
        self.namespace = namespace
        self.ownMounts = ownMounts
        self.ownLimits = ownLimits
        self.environment = environment
        try tree.makeDirectory("etc/passim.d")
        try tree.makeDirectory("var")
        try tree.makeDirectory("mirror")
        if let user { try tree.changeOwner("var", user) }
        try configure(settings)
    }

    /// Replaces passim.conf, at once: a daemon may read it at any time.
    package func configure(_ settings: [String]) throws {
        let lines = ["[daemon]", "Port=0"] + settings
        try tree.write("etc/.passim.conf.new", lines.map { $0 + "\n" }.joined())
        try tree.rename("etc/.passim.conf.new", to: "etc/passim.conf")
    }

    /// Writes a file of the mirror that is old enough to be hashed and stamped at once: one that may be
    /// written still is left alone for 2 s.
    package func put(_ path: some TreePath, _ content: [UInt8]) throws {
        let place = RawName("mirror").appending(path.raw)
        try tree.write(place, content)
        try tree.setModified(place, DaemonSite.longAgo)
    }

    package func put(_ path: some TreePath, _ content: String) throws {
        try put(path, Array(content.utf8))
    }

    package static let longAgo = Timestamp(seconds: 1_600_000_000, nanoseconds: 123_000_000)

    /// Writes a drop-in.
    ///
    /// - Parameter directory: relative to `tree`.
    package func share(
        _ directory: String = "mirror", as name: String = "mirror", _ settings: String...
    ) throws {
        let lines = ["[passim]", "Path=\(tree.absolute(directory))"] + settings
        try tree.write("etc/passim.d/\(name).conf", lines.map { $0 + "\n" }.joined())
    }

    /// The program, where the daemon's user can reach it: the build directory may be somebody's own.
    func program() throws -> String {
        let built = try Products.path(of: "passimd")
        guard let user else { return built }
        var setting = ChildProcess.Setting()
        setting.user = user
        if try Command.run(["test", "-x", built], setting).succeeded { return built }
        if !tree.exists("passimd") {
            try Command.succeed(["install", "-m", "755", built, tree.absolute("passimd")])
        }
        return tree.absolute("passimd")
    }

    /// - Parameter script: for sh(1), run just before it and where it runs: what mounts there are, say.
    package func start(_ arguments: String..., after script: String? = nil) throws -> DaemonProcess {
        try start(arguments, after: script)
    }

    package func start(_ arguments: [String], after script: String?) throws -> DaemonProcess {
        try DaemonProcess(self, arguments, after: script)
    }
}
