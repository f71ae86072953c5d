package import PassimCore

/// Who has fetched what in the last day, this machine itself left out.
package struct Usage: Sendable {
    /// Bars of one chart: a name and how much.
    package struct Client: Sendable {
        /// An address, or a network.
        package var name: String
        package var bytes: UInt64

        package init(name: String, bytes: UInt64) {
            self.name = name
            self.bytes = bytes
        }
    }

    package struct File: Sendable {
        package var digest: Digest
        /// Empty: it is not shared any more.
        package var name: RawName
        package var downloads: UInt64

        package init(digest: Digest, name: RawName, downloads: UInt64) {
            self.digest = digest
            self.name = name
            self.downloads = downloads
        }
    }

    /// Downloads that did not come to their end.
    package var cutOff: UInt64 = 0
    /// Addresses that have fetched something.
    package var clients = 0
    /// False if there were more than could be counted.
    package var isExact = true
    /// Those that had most, the first ones first; empty where addresses are not to be told.
    package var topClients: [Client] = []
    package var topFiles: [File] = []
    /// Unix seconds, and the client's name: of the last bytes sent to another machine. nil: none since the start.
    package var last: (time: Int64, client: String)?

    package init() {}
}
