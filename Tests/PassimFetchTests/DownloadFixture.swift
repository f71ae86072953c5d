import PassimCore
import PassimSystem
import PassimTestKit

@testable import PassimFetch

/// A place to download to, and what was said meanwhile. For one thread.
final class DownloadFixture {
    let tree: TemporaryTree
    let content: [UInt8]
    let digest: Digest
    var limits = DownloadLimits()
    /// What is asked for when nobody is left, time after time.
    var more: [[String]] = []
    private(set) var failures: [PeerFailure] = []
    private(set) var progress: [DownloadProgress] = []

    init(_ content: [UInt8]) throws {
        tree = try TemporaryTree()
        self.content = content
        digest = Digest(of: content)
    }

    convenience init(_ text: String = "content of the file\n") throws {
        try self.init(Array(text.utf8))
    }

    /// The name of what is there of the file before all is.
    var partial: RawName { PartialFile.name(for: digest) }

    @discardableResult
    func save(from urls: [String], to name: String = "file") throws -> Downloaded {
        try download().save(
            from: urls, to: Destination(RawName(tree.absolute(name)), basename: RawName("basename")))
    }

    @discardableResult
    func save(from servers: ScriptedServer..., to name: String = "file") throws -> Downloaded {
        try save(from: servers.map(\.url), to: name)
    }

    func download() -> Download {
        failures = []
        progress = []
        return Download(
            digest, limits: limits, onProgress: { self.progress.append($0) },
            onFailure: { self.failures.append($0) },
            more: { self.more.isEmpty ? [] : self.more.removeFirst() })
    }

    var reasons: [PeerFailure.Reason] { failures.map(\.reason) }

    /// Names of all that is there.
    func names() throws -> [RawName] { try tree.list("") }

    func server(_ manner: ServedFile.Manner = .init()) throws -> ScriptedServer {
        try ScriptedServer(ServedFile.script(content, manner))
    }
}

extension ScriptedServer {
    var url: String { "https://127.0.0.1:\(port)/file?sha256=x" }
}
