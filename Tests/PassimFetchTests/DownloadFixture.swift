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
            onFailure: { self.failures.append($0) })
    }

    var reasons: [PeerFailure.Reason] { failures.map(\.reason) }

    /// Names of all that is there.
    func names() throws -> [RawName] { try tree.list("") }

    func server(_ manner: Serving.Manner = .init()) throws -> ScriptedServer {
        try ScriptedServer(Serving.script(content, manner))
    }
}

extension ScriptedServer {
    var url: String { "https://127.0.0.1:\(port)/file?sha256=x" }
}

/// Scripts of servers of one file.
enum Serving {
    struct Manner: Sendable {
        /// Understands ranges.
        var ranges = true
        /// Ends the connection after so many bytes of the body.
        var cut: Int?
        /// Bytes by which the range that it sends begins too late.
        var shift = 0
    }

    static func script(_ content: [UInt8], _ manner: Manner = Manner()) -> [ScriptedServer.Step] {
        let answer = ScriptedServer.Step.answer { request in
            var head = "HTTP/1.1 200 OK\r\nContent-Type: text/x-test; charset=utf-8\r\n"
            var body = content[...]
            if manner.ranges, let first = firstByte(of: request) {
                let first = first + manner.shift
                guard first < content.count else {
                    return Array("HTTP/1.1 416 No\r\nContent-Length: 0\r\n\r\n".utf8)
                }
                body = content[first...]
                head = "HTTP/1.1 206 Part\r\nContent-Range: bytes \(first)-"
                head += "\(content.count - 1)/\(content.count)\r\n"
            }
            head += "Content-Length: \(body.count)\r\n\r\n"
            if let cut = manner.cut { body = body.prefix(cut) }
            return Array(head.utf8) + body
        }
        let end: [ScriptedServer.Step] = manner.cut == nil ? [.repeatFromRequest] : [.closeNotify]
        return [.handshake, .readRequest, answer] + end
    }

    private static func firstByte(of request: String) -> Int? {
        for line in request.split(separator: "\r\n") where line.hasPrefix("Range: bytes=") {
            return Int(line.dropFirst("Range: bytes=".count).dropLast())
        }
        return nil
    }
}
