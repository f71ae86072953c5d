/// Places of things: `SYSCONFDIR` and `LOCALSTATEDIR` of the environment, and what follows from them.
package struct Paths: Sendable, Equatable {
    /// `/etc`
    package var systemConfiguration: String
    /// `/var`
    package var localState: String

    /// - Parameter environment: the value of a variable; nil or empty where it is not set.
    package init(environment: (String) -> String?) {
        func directory(_ variable: String, _ fallback: String) -> String {
            guard var path = environment(variable), !path.isEmpty else { return fallback }
            while path.count > 1, path.hasSuffix("/") { path.removeLast() }
            return path
        }
        systemConfiguration = directory("SYSCONFDIR", "/etc")
        localState = directory("LOCALSTATEDIR", "/var")
    }

    package init(environment: [String: String]) {
        self.init { environment[$0] }
    }

    package var passimConf: String { systemConfiguration + "/passim.conf" }
    package var dropInDirectory: String { systemConfiguration + "/passim.d" }

    /// Key, certificate, totals: 0700 where the daemon makes it.
    package var stateDirectory: String { localState + "/lib/passim" }
    /// Published items, where passim.conf has no `Path`.
    package var publishedItems: String { stateDirectory + "/data" }
    package var secretKey: String { stateDirectory + "/secret.key" }
    package var certificate: String { stateDirectory + "/cert.pem" }
    /// Bytes sent, ever.
    package var totals: String { stateDirectory + "/totals" }
    /// Downloads of published items.
    package var shareCounts: String { stateDirectory + "/share-counts" }

    /// Downloads of files of directories, of those that are wanted most.
    package var mirrorShares: String { stateDirectory + "/mirror-shares" }

    /// Remembered digests of published items.
    package var itemDigests: String { stateDirectory + "/item-digests" }

    package var logDirectory: String { localState + "/log/passim" }
    package var auditLog: String { logDirectory + "/audit.log" }

    /// The store of checksums for files that take no attributes.
    package var checksumDirectory: String { localState + "/cache/passim" }

    /// Notes of `passim mirror sync` on its runs for a drop-in.
    ///
    /// - Parameter dropIn: its file's name.
    package func syncState(of dropIn: String) -> String {
        let name = dropIn.hasSuffix(".conf") ? String(dropIn.dropLast(5)) : dropIn
        return localState + "/lib/passim-sync/" + name
    }

    /// Directories of the daemon, of which no drop-in ever shares anything.
    ///
    /// - Parameter published: where published items are.
    package func privateDirectories(published: String) -> [String] {
        [stateDirectory, logDirectory, checksumDirectory, dropInDirectory, published]
    }
}
