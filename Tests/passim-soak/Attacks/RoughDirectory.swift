internal import Glibc
internal import PassimCore
internal import PassimTestKit

/// A directory that those write to who have no mercy with its readers. Each attack leaves only files that everybody may
/// read, which are compared with the others at the end of a minute.
final class RoughDirectory: Sendable {
    private let hosts: SoakHosts
    private let count = Lock(0)

    static let path = "rough"

    var tree: TemporaryTree { hosts.site.tree }

    init(_ hosts: SoakHosts) {
        self.hosts = hosts
    }

    /// Fills it before the daemon starts.
    static func prepare(_ site: DaemonSite) throws {
        for number in 0..<200 {
            try site.tree.write("\(path)/tree/\(number % 10)/f\(number)", "file \(number) of the tree\n")
        }
        try site.share(path, as: path)
    }

    func path(of name: String) -> String { "\(RoughDirectory.path)/\(name)" }

    /// A text that was not there before.
    func text(_ random: inout SeededGenerator) -> String {
        let number = count.withLock { count in
            count += 1
            return count
        }
        return "rough \(number) \(random.next())\n"
    }

    func expectServed(_ content: String) throws {
        try hosts.mirror.expectServed(content, seconds: 90)
    }

    /// Nothing of these is served.
    func expectUnknown(_ contents: some Sequence<String>) throws {
        for content in contents { try hosts.mirror.waitForStatus(404, of: Digest(of: content), seconds: 0) }
    }
}
