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
        let health = daemon.health
        var mirror = BusProperties.Mirror(
            itemCount: health.files, totalBytes: daemon.index.totalBytes, directories: health.directories,
            troubles: health.troubles)
        mirror.uptime = (monotonicNanoseconds() - daemon.started) / 1_000_000_000
        mirror.digestsWanted = health.wanted
        mirror.digestsFound = health.found
        if let counts = daemon.server.withLock({ $0 })?.counts {
            mirror.downloads = counts.shares
            mirror.sentBytes = counts.sharedBytes
        }
        return BusProperties(
            daemonVersion: passimVersion,
            name: daemon.neighbourhood.withLock { $0 }?.advertising.serviceName ?? "",
            uri: "https://localhost:\(daemon.port)/", status: health.status,
            downloadSaving: daemon.totals.downloadSaving, carbonSaving: daemon.carbonSaving, mirror: mirror)
    }

    // MARK: Listings

    func forEachItem(_ body: (ItemDescription) -> Bool) {
        for item in daemon.store.items {
            if !body(item) { return }
        }
        // A client waits for all of them for 1.5 s. Where asking for each takes a part of that which shows, none is
        // asked for, rather than the first ones.
        let isLong = daemon.index.count > DaemonObject.mostAskedFor
        let times = CreationTimes(daemon: daemon, nanoseconds: isLong ? 0 : 100_000_000)
        var position: EntryID?
        while true {
            let (files, next) = daemon.index.files(after: position, limit: 1024)
            for (entry, name) in files where entry.origin != .published {
                let created = times.seconds(entry) { daemon.index.path(of: entry) }
                if !body(describe(entry, name, created)) { return }
            }
            guard let next else { return }
            position = next
        }
    }

    func items(offset: UInt64, limit: UInt32, filter: String) -> (items: [ItemDescription], total: UInt64) {
        var listing = Listing(filter: filter) { path in
            let name = RawName(path)
            return ItemName(onDisk: name).map { name.bytes.count - $0.filename.bytes.count } ?? 0
        }
        // Sorting what is left of many for each page of them would take minutes.
        if daemon.index.count <= DaemonObject.mostSorted { listing.order = .name }
        let page = daemon.index.page(listing, offset: Int(clamping: offset), limit: Int(limit))
        let times = CreationTimes(daemon: daemon, nanoseconds: 300_000_000)
        let dropIns = daemon.sharedDropIns.withLock { $0 }.mapValues { dropIn in
            dropIn.name.hasSuffix(".conf") ? String(dropIn.name.dropLast(5)) : dropIn.name
        }
        let items = page.items.map { item in
            if let published = daemon.store.item(item.entry) { return published }
            var described = describe(
                item.entry, item.path.basename, times.seconds(item.entry) { item.path })
            described.origin = dropIns[item.entry.origin] ?? ""
            return described
        }
        return (items, UInt64(page.total))
    }

    /// Files that are listed by their paths; more come as the index has them, which is the same order until something
    /// changes.
    private static let mostSorted = 65_536

    /// Files whose time of birth is asked for in one listing of all: 3 µs each.
    private static let mostAskedFor = 16384

    /// A file of a directory.
    private func describe(_ entry: Entry, _ name: RawName, _ created: Int64) -> ItemDescription {
        ItemDescription(
            digest: entry.digest, filename: name, shareCount: daemon.shares.count(of: entry.digest),
            size: entry.identity.size, flags: entry.flags.subtracting(.isToldByPath), created: created)
    }

    // MARK: Publishing

    func publish(_ request: PublishRequest, content: borrowing Descriptor) throws(PublishError) {
        // Existing items must be known, or one could be published twice.
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

    func vouch(_ files: [Voucher]) {
        daemon.mirror.vouch(files)
    }

    // MARK: Peers

    func findPeers(_ digest: Digest, for user: UInt32) async -> [String] {
        guard let lookup = daemon.neighbourhood.withLock({ $0?.lookup }) else { return [] }
        let name = RawName(digest.hex)
        return await lookup.findPeers(with: digest, for: user).map { place in
            let url = String(
                decoding: Redirect.location(of: place, name: name, digest: digest), as: UTF8.self)
            if case .mirror(let host) = place, let pin = host.pin { return "\(url)#\(pin)" }
            return url
        }
    }

    func reportPeer(_ url: String, _ digest: Digest, by user: UInt32) async -> Bool {
        let neighbourhood = daemon.neighbourhood.withLock { $0 }
        let mirror = Redirect.authority(ofLocation: url).flatMap {
            neighbourhood?.mirrors?.host(withAuthority: $0)
        }
        let place =
            mirror.map { ServingPlace.mirror($0) } ?? Redirect.peer(ofLocation: url).map { .peer($0) }
        guard let place else { return false }
        await neighbourhood?.lookup?.report(place, digest: digest, by: user)
        return true
    }
}

/// Asks the file system when files were made; where that takes long, what is known anyway must do.
private final class CreationTimes {
    private let daemon: Daemon
    private let deadline: UInt64
    /// nil where it cannot be opened.
    private var roots: [OriginID: Root?] = [:]

    private final class Root {
        let descriptor: Descriptor

        init(_ path: String) throws(SystemError) {
            descriptor = try Descriptor.open(path, [.path, .directory])
        }
    }

    init(daemon: Daemon, nanoseconds: UInt64) {
        self.daemon = daemon
        deadline = monotonicNanoseconds() + nanoseconds
    }

    /// Unix seconds: when the file was made, or else when it was changed last.
    func seconds(_ entry: Entry, _ path: () -> RawName?) -> Int64 {
        let modified = entry.identity.modified.seconds
        guard monotonicNanoseconds() < deadline, let root = root(of: entry.origin), let path = path() else {
            return modified
        }
        do throws(SystemError) {
            let file = try root.descriptor.open(beneath: path, [.path, .noFollow])
            return try file.birthTime()?.seconds ?? modified
        } catch {
            // It may have gone; its entry will.
            return modified
        }
    }

    private func root(of origin: OriginID) -> Root? {
        if let known = roots[origin] { return known }
        let root = daemon.origins.origin(origin).flatMap { try? Root($0.path) }
        roots[origin] = .some(root)
        return root
    }
}
