internal import PassimCore

/// A running daemon and its mirror, which a test changes. The digests of everything that was ever in it are
/// kept, and asked for when it is gone.
package final class LiveMirror {
    package let daemon: DaemonProcess
    private var known: Set<Digest> = []

    package var site: DaemonSite { daemon.site }
    package var tree: TemporaryTree { site.tree }

    /// Starts the daemon and waits until it has all that is there.
    ///
    /// - Parameter prepare: makes what is there before.
    package convenience init(
        _ site: DaemonSite? = nil, _ prepare: (DaemonSite) throws -> Void = { _ in }
    ) throws {
        let site = try site ?? DaemonSite()
        try prepare(site)
        try site.share()
        let daemon = try site.start()
        try daemon.firstPass()
        self.init(daemon)
        try expectFresh()
    }

    /// - Parameter daemon: one that shares the mirror of its site and nothing else.
    package init(_ daemon: DaemonProcess) {
        self.daemon = daemon
    }

    /// Waits until the daemon shares what the mirror holds now, and nothing that it held.
    package func expectFresh(within seconds: Double = 30) throws {
        let scan = try daemon.freshScan()
        try daemon.expectSame(as: scan, vanished: known, within: seconds)
        known.formUnion(scan.digests)
    }

    /// Runs a program where `mirror` is a relative path, and waits for the daemon to follow.
    package func run(_ arguments: String...) throws {
        try prepare(arguments)
        try expectFresh()
    }

    /// As `run`, for bash.
    package func shell(_ script: String) throws {
        try prepare(["bash", "-e", "-c", script])
        try expectFresh()
    }

    /// Runs a program and waits for nothing.
    package func prepare(_ arguments: [String]) throws {
        var setting = ChildProcess.Setting()
        // What the user of this machine has told git is none of the tests' business.
        setting.environment = ["GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"]
        // After nsenter(1), which goes to the root of its mounts.
        let prefix = (site.ownMounts ? daemon.mountPrefix : []) + ["env", "-C", tree.path]
        try Command.succeed(prefix + arguments, setting, seconds: 300)
    }
}
