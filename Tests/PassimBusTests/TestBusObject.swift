import PassimBus
import PassimCore
import PassimSystem
import PassimTestKit

/// The object on the bus in these tests: items in memory. A published name that is one of `failures` fails.
final class TestBusObject: BusObject {
    struct State {
        var properties = BusProperties(
            daemonVersion: "0.9", name: "Passim-0A1B", uri: "https://localhost:27500/", status: .starting,
            downloadSaving: 1 << 40, carbonSaving: 26.5,
            mirror: .init(itemCount: 3, totalBytes: 5 << 32, directories: []))
        var items: [ItemDescription] = []
        /// Listings that have begun, and whether they wait.
        var listings = 0
        var listingsWait = false
        var published: [PublishRequest] = []
        var contents: [[UInt8]] = []
        var unpublished: [String] = []
        var rescans = 0
        var vouched: [Voucher] = []
        var pages: [(offset: UInt64, limit: UInt32, filter: String)] = []
        var reported: [String] = []
    }

    let state = Monitor(State())

    static let digest = Digest(of: "content")
    static let failures: [String: PublishError] = [
        "exists": .exists(digest), "large": .tooLarge(limit: 100), "full": .noSpace("the disk is full"),
        "slow": .timedOut("nothing came"), "broken": .failed("the disk is broken"),
    ]

    /// One of many.
    static func voucher(_ number: UInt64) -> Voucher {
        Voucher(
            identity: FileIdentity(
                device: 1 << 40, inode: number, size: .max,
                modified: Timestamp(seconds: -1, nanoseconds: 999_999_999),
                changed: Timestamp(seconds: .max, nanoseconds: 0)),
            digest: Digest(of: "\(number)"))
    }

    var properties: BusProperties { state.withLock { $0.properties } }

    func forEachItem(_ body: (ItemDescription) -> Bool) {
        state.withLock { $0.listings += 1 }
        _ = state.wait(seconds: 600) { $0.listingsWait ? nil : true }
        for item in state.withLock({ $0.items }) where !body(item) { return }
    }

    func items(offset: UInt64, limit: UInt32, filter: String) -> (items: [ItemDescription], total: UInt64) {
        state.withLock { state in
            state.pages.append((offset, limit, filter))
            return (Array(state.items.dropFirst(Int(offset)).prefix(Int(limit))), UInt64(state.items.count))
        }
    }

    func publish(_ request: PublishRequest, content: borrowing Descriptor) throws(PublishError) {
        if let failure = TestBusObject.failures["\(request.filename)"] { throw failure }
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try content.readAll(limit: 1 << 20) ?? []
        } catch {
            throw .failed("\(error)")
        }
        state.withLock { state in
            state.published.append(request)
            state.contents.append(bytes)
        }
    }

    func unpublish(_ hash: String) throws(PublishError) {
        if hash == "static" { throw .isStatic(TestBusObject.digest) }
        guard hash == TestBusObject.digest.hex else { throw .notFound(hash) }
        state.withLock { $0.unpublished.append(hash) }
    }

    func rescan() {
        state.withLock { $0.rescans += 1 }
    }

    func vouch(_ files: [Voucher]) {
        state.withLock { $0.vouched += files }
    }

    func findPeers(_ digest: Digest, for user: UInt32) async -> [String] {
        digest == TestBusObject.digest
            ? ["https://192.0.2.1:27500/a?sha256=\(digest)", "https://192.0.2.2:27500/a"] : []
    }

    func reportPeer(_ url: String, _ digest: Digest, by user: UInt32) async -> Bool {
        guard url.hasPrefix("https://") else { return false }
        state.withLock { $0.reported.append("\(url) \(digest)") }
        return true
    }
}
