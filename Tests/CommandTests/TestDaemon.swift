import PassimBus
import PassimCore
import PassimSystem
import PassimTestKit

/// What stands behind the real service on the bus: items and peers in memory.
final class TestDaemon: BusObject {
    struct State {
        var properties = BusProperties(
            daemonVersion: "7.8.9", name: "Passim-0A1B", uri: "https://localhost:1/", status: .running,
            downloadSaving: 1 << 40, carbonSaving: 26.5,
            mirror: .init(itemCount: 3, totalBytes: 5 << 32, directories: []))
        var items: [ItemDescription] = []
        var pages: [String] = []
        var published: [PublishRequest] = []
        var content: [UInt8] = []
        var unpublished: [String] = []
        var rescans = 0
        var peers: [String] = []
        var reported: [String] = []
        /// Whom it names when one has been reported.
        var peersAfterReport: [String]?
        var failure: PublishError?
    }

    let state = Lock(State())

    var properties: BusProperties { state.withLock { $0.properties } }

    func forEachItem(_ body: (ItemDescription) -> Bool) {
        for item in state.withLock({ $0.items }) where !body(item) { return }
    }

    func items(offset: UInt64, limit: UInt32, filter: String) -> (items: [ItemDescription], total: UInt64) {
        state.withLock { state in
            state.pages.append("\(offset) \(limit) \(filter)")
            let found = state.items.filter { filter.isEmpty || $0.filename.description.contains(filter) }
            return (Array(found.dropFirst(Int(offset)).prefix(Int(limit))), UInt64(found.count))
        }
    }

    func publish(_ request: PublishRequest, content: borrowing Descriptor) throws(PublishError) {
        if let failure = state.withLock({ $0.failure }) { throw failure }
        guard let bytes = try? content.readAll(limit: 1 << 20) else { throw .failed("cannot be read") }
        state.withLock { state in
            state.published.append(request)
            state.content = bytes
        }
    }

    func unpublish(_ hash: String) throws(PublishError) {
        if let failure = state.withLock({ $0.failure }) { throw failure }
        state.withLock { $0.unpublished.append(hash) }
    }

    func rescan() {
        state.withLock { $0.rescans += 1 }
    }

    func vouch(_ files: [Voucher]) {}

    func findPeers(_ digest: Digest, for user: UInt32) async -> [String] { state.withLock { $0.peers } }

    func reportPeer(_ url: String, _ digest: Digest, by user: UInt32) async -> Bool {
        state.withLock { state in
            state.reported.append("\(url) \(digest.hex)")
            state.peers = state.peersAfterReport ?? state.peers
        }
        return true
    }
}
