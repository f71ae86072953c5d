import Glibc
import Logging
import PassimCore
import PassimCrypto
import PassimIndex
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimServer

/// A server over a directory of its own, on a free port of this host.
final class TestServer: Sendable {
    let tree: TemporaryTree
    let index = DigestIndex()
    let origins = OriginTable()
    let stale = StaleRecorder()
    let shares = ShareRecorder()
    let server: Server
    let settings: ServerSettings
    let directory: DirectoryID
    /// Stay until the server is gone, also when it has stopped listening.
    private let listeners: Set<CInt>

    static let hour: UInt64 = 3_600_000_000_000

    static let origin = OriginID(1)
    static let otherOrigin = OriginID(2)

    init(
        cooldown: Int = 0, maxRate: UInt64 = 0, in place: String? = nil, lookup: (any PeerLookup)? = nil,
        _ change: (inout ServerSettings) -> Void = { _ in }
    ) throws {
        tree = try TemporaryTree(in: place)
        var settings = ServerSettings(places: [.address(IPAddress(ipv4: 0x7F00_0001))], port: 0)
        // A test that waits for a thread of the pool, which may take minutes, is no slow client; those of time limits
        // set their own.
        settings.timeLimits.handshake = TestServer.hour
        settings.timeLimits.head = TestServer.hour
        settings.timeLimits.idle = TestServer.hour
        settings.timeLimits.slowWindow = TestServer.hour
        change(&settings)
        self.settings = settings
        origins.replace([
            ServedOrigin(id: TestServer.origin, path: tree.path, cooldown: cooldown, maxRate: maxRate)
        ])
        directory = index.directory(origin: TestServer.origin, path: .empty)
        server = try Server(
            settings: settings, tls: TestServer.tls, index: index, origins: origins, pages: TestPages(),
            staleObserver: stale, shares: shares, lookup: lookup,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let port = server.port
        listeners = Set((0..<4096 as Range<CInt>).filter { TestServer.isSocket($0, ofPort: port) })
    }

    static let tls: TLSContext = newContext()

    /// With a key of its own.
    static func newContext() -> TLSContext {
        do {
            let tree = try TemporaryTree()
            let (identity, _) = try ServerIdentity.load(
                from: .init(
                    keyPath: tree.absolute("secret.key"), certificatePath: tree.absolute("cert.pem")),
                hostName: "host", now: wallClock())
            return try TLSContext(serving: identity)
        } catch {
            fatalError("\(error)")
        }
    }

    var port: UInt16 { server.port }

    // MARK: Files

    /// Writes a file and tells the index of it.
    @discardableResult
    func add(_ name: String, _ bytes: [UInt8], flags: ItemFlags = []) throws -> Digest {
        try tree.write(name, bytes)
        let digest = Digest(of: bytes)
        try know(name, as: digest, flags: flags)
        return digest
    }

    /// A file of holes, under a digest that nobody computed.
    func addSparse(_ name: String, size: UInt64) throws -> Digest {
        try tree.truncate(name, to: size)
        let digest = Digest(of: name)
        try know(name, as: digest)
        return digest
    }

    func know(_ name: String, as digest: Digest, flags: ItemFlags = [], in other: DirectoryID? = nil) throws {
        let file = try Descriptor.open(tree.absolute(name), .readOnly)
        index.apply([
            .insert(
                directory: other ?? directory, name: RawName(bytes: Array(name.utf8)), digest: digest,
                identity: try file.status().identity, flags: flags)
        ])
    }

    // MARK: Clients

    func client(_ change: (inout TLSClient.Options) -> Void = { _ in }) throws -> HTTPClient {
        HTTPClient(try TLSClient.connected(port: port, TestServer.options(change)))
    }

    func rawClient(_ change: (inout TLSClient.Options) -> Void = { _ in }) throws -> TLSClient {
        try TLSClient(connectingTo: "127.0.0.1", port: port, TestServer.options(change))
    }

    static func options(_ change: (inout TLSClient.Options) -> Void) -> TLSClient.Options {
        var options = TLSClient.Options()
        // For liveness only: the machine may be busy.
        options.seconds = 30
        change(&options)
        return options
    }

    /// One request on a connection of its own.
    func fetch(_ digest: Digest, _ fields: String = "") throws -> HTTPAnswer {
        let client = try client()
        try client.get(digest, fields)
        return try client.answer()
    }

    // MARK: What is left

    /// Descriptors of this process that belong to the server: its ends of connections, and files of the tree.
    var openDescriptors: Int {
        var count = 0
        for number in 0..<4096 as Range<CInt> {
            if TestServer.isSocket(number, ofPort: port) && !listeners.contains(number)
                || isFileOfTree(number)
            {
                count += 1
            }
        }
        return count
    }

    private static func isSocket(_ number: CInt, ofPort port: UInt16) -> Bool {
        var address = [UInt8](repeating: 0, count: 128)
        var length = socklen_t(address.count)
        let isNamed = address.withUnsafeMutableBytes {
            getsockname(number, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), &length) == 0
        }
        // The port of both families is in the same place, behind the family.
        let family = CInt(address[0]) | CInt(address[1]) << 8
        return isNamed && (family == AF_INET || family == AF_INET6)
            && UInt16(address[2]) << 8 | UInt16(address[3]) == port
    }

    private func isFileOfTree(_ number: CInt) -> Bool {
        var target = [UInt8](repeating: 0, count: 512)
        let count = target.withUnsafeMutableBytes {
            readlink("/proc/self/fd/\(number)", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
        }
        guard count > 0 else { return false }
        return String(decoding: target[..<count], as: UTF8.self).hasPrefix(tree.path + "/")
    }
}

/// Runs `body` against a server that has started, and stops it whatever happens.
func withServer(
    cooldown: Int = 0, maxRate: UInt64 = 0, in place: String? = nil, lookup: (any PeerLookup)? = nil,
    _ change: (inout ServerSettings) -> Void = { _ in }, _ body: (TestServer) async throws -> Void
) async throws {
    let test = try TestServer(cooldown: cooldown, maxRate: maxRate, in: place, lookup: lookup, change)
    try test.server.start()
    do {
        try await body(test)
    } catch {
        await test.server.stop(within: 0)
        throw error
    }
    await test.server.stop(within: 0)
}

/// Waits for what nothing tells of; for liveness only, so the limit is generous.
func eventually(seconds: UInt64 = 30, _ condition: () throws -> Bool) rethrows -> Bool {
    let end = monotonicNanoseconds() + seconds * 1_000_000_000
    while try !condition() {
        if monotonicNanoseconds() >= end { return false }
        pause(milliseconds: 5)
    }
    return true
}

/// For a client that is slow on purpose.
func pause(milliseconds: CInt) {
    _ = poll(nil, 0, milliseconds)
}

final class StaleRecorder: StaleEntryObserver {
    private let items = Lock<[Item]>([])

    func foundStale(_ item: Item, dropping drop: () -> Void) {
        // What happens meanwhile, on other threads.
        beforeDrop.withLock { $0 }?(item)
        drop()
        items.withLock { $0.append(item) }
    }

    /// Called before an entry goes.
    let beforeDrop = Lock<(@Sendable (Item) -> Void)?>(nil)

    var paths: [String] { items.withLock { $0.map(\.path.description) } }
}

struct TestPages: LocalPages {
    func asset(_ path: LocalPath) -> LocalPage? {
        path == .style ? LocalPage(contentType: "text/css", body: Array("style".utf8)) : nil
    }

    func make(_ request: LocalRequest, _ done: @escaping @Sendable (LocalPage) -> Void) {
        let text = "\(request.path) \(String(decoding: request.query, as: UTF8.self))"
        done(LocalPage(contentType: "text/plain", body: Array(text.utf8)))
    }
}
