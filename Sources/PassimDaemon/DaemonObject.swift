internal import PassimBus
internal import PassimConfig
internal import PassimCore
internal import PassimDiscovery
internal import PassimHTTP
internal import PassimIndex
internal import PassimLookup
internal import PassimMirror
internal import PassimPublish
internal import PassimServer
internal import PassimSystem

/// The daemon as the object on the bus.
struct DaemonObject: BusObject {
    /// The daemon has the bus service, which has this.
    unowned let daemon: Daemon

    var properties: BusProperties {
        return BusProperties(
            daemonVersion: passimVersion,
            name: daemon.neighbourhood.withLock { $0 }?.advertising.serviceName ?? "",
            uri: "https://localhost:\(daemon.port)/", status: daemon.status,
            downloadSaving: daemon.totals.downloadSaving, carbonSaving: daemon.carbonSaving,
            mirror: .init(
                itemCount: UInt64(daemon.index.count), totalBytes: daemon.index.totalBytes,
                directories: daemon.mirror.statuses))
    }

    // MARK: Listings

    func forEachItem(_ body: (ItemDescription) -> Bool) {
        for item in daemon.store.items {
            if !body(item) { return }
        }
        // A client waits for all of them for 1.5 s.
        let times = CreationTimes(daemon: daemon, nanoseconds: 100_000_000)
        var position: EntryID?
        while true {
            let (items, next) = daemon.index.page(after: position, limit: 1024)
            for item in items where item.entry.origin != .published {
                if !body(describe(item, times)) { return }
            }
            guard let next else { return }
            position = next
        }
    }

    func items(offset: UInt64, limit: UInt32, filter: String) -> (items: [ItemDescription], total: UInt64) {
        let page = daemon.index.page(
            offset: Int(clamping: offset), limit: Int(limit), filter: filter.isEmpty ? nil : filter)
        let times = CreationTimes(daemon: daemon, nanoseconds: 300_000_000)
        let items = page.items.map { item in daemon.store.item(item.entry) ?? describe(item, times) }
        return (items, UInt64(page.total))
    }

    /// A file of a directory.
    private func describe(_ item: Item, _ times: CreationTimes) -> ItemDescription {
        ItemDescription(
            digest: item.entry.digest, filename: item.path.basename, size: item.entry.identity.size,
            flags: item.entry.flags, created: times.seconds(item))
    }

    // MARK: Publishing

    func publish(_ request: PublishRequest, content: borrowing Descriptor) throws(PublishError) {
        // What is there already must be known, or it would be published twice.
        guard daemon.published.wait(until: monotonicNanoseconds() + 60_000_000_000) else {
            throw .timedOut("the items that are published already are still being read: try again")
        }
        _ = try daemon.store.publish(request, from: content)
    }

    func unpublish(_ hash: String) throws(PublishError) {
        guard daemon.published.wait(until: monotonicNanoseconds() + 1_000_000_000) else {
            throw .timedOut("the items that are published are still being read: try again")
        }
        try daemon.store.unpublish(hash)
    }

    func rescan() {
        daemon.mirror.rescanAll()
    }

    // MARK: Peers

    func findPeers(_ digest: Digest) async -> [String] {
        guard let lookup = daemon.neighbourhood.withLock({ $0?.lookup }) else { return [] }
        let name = RawName(digest.hex)
        return await lookup.findPeers(with: digest, name: name).map { peer in
            String(decoding: Redirect.location(of: peer, name: name, digest: digest), as: UTF8.self)
        }
    }

    func reportPeer(_ url: String, _ digest: Digest) async -> Bool {
        guard let peer = Redirect.peer(ofLocation: url) else { return false }
        await daemon.neighbourhood.withLock { $0?.lookup }?.report(peer, digest: digest)
        return true
    }
}

/// Asks the file system when files were made; where that takes long, what is known anyway must do.
private final class CreationTimes {
    private let daemon: Daemon
    private let deadline: UInt64
    private var paths: [OriginID: String] = [:]

    init(daemon: Daemon, nanoseconds: UInt64) {
        self.daemon = daemon
        deadline = monotonicNanoseconds() + nanoseconds
    }

    /// Unix seconds: when the file was made, or else when it was changed last.
    func seconds(_ item: Item) -> Int64 {
        let modified = item.entry.identity.modified.seconds
        guard monotonicNanoseconds() < deadline, let path = path(of: item.entry.origin) else {
            return modified
        }
        do throws(SystemError) {
            let root = try Descriptor.open(path, [.path, .directory])
            let file = try root.open(beneath: item.path, [.path, .noFollow])
            return try file.birthTime()?.seconds ?? modified
        } catch {
            // It may have gone; its entry will.
            return modified
        }
    }

    private func path(of origin: OriginID) -> String? {
        if let known = paths[origin] { return known }
        let path = daemon.origins.origin(origin)?.path
        paths[origin] = path
        return path
    }
}
