// The pages about files: the list of all, and one of them.

internal import PassimConfig
internal import PassimCore
internal import PassimCrypto
internal import PassimDiscovery
internal import PassimIndex
internal import PassimLookup
internal import PassimMirror
internal import PassimPublish
internal import PassimServer
internal import PassimSystem
internal import PassimWeb

extension PageSource {
    /// True if other machines may read the pages, too.
    var isOpen: Bool { daemon.settings.withLock { !$0.pageAllow.isEmpty } }

    func indexPage(_ query: PageQuery) -> IndexPage {
        let health = daemon.health
        let files = list(query, health.directories)
        let now = wallClock().seconds
        var page = IndexPage(
            hostName: daemon.hostName, uptime: (monotonicNanoseconds() - daemon.started) / 1_000_000_000,
            now: now, health: health, items: files.items.map { listed($0, health.directories) },
            found: files.total, total: daemon.index.count)
        page.query = query
        page.port = daemon.port
        page.isOpen = isOpen
        page.published = daemon.index.totals(origin: .published)
        // The files and one line are asked for: nobody need wait for the network.
        guard query.isOverview else { return page }
        addUse(to: &page)
        page.savings = .init(bytes: daemon.totals.downloadSaving, carbon: daemon.carbonSaving)
        page.disks = daemon.disks.spaces.filter { !$0.space.isImage }.map {
            IndexPage.Disk(path: $0.path, freeBytes: $0.space.freeBytes, bytes: $0.space.bytes)
        }
        page.certificate = daemon.identity.withLock { $0 }.flatMap { identity in
            identity.end.map { IndexPage.Certificate(end: $0, isMade: identity.isMade) }
        }
        page.watchedForAge = Set(
            daemon.sharedDropIns.withLock { $0.values }.filter(\.isWatchedForAge).map(\.name))
        if let neighbourhood = daemon.neighbourhood.withLock({ $0 }) {
            let advertising = neighbourhood.advertising
            page.isMulticast = neighbourhood.isMulticast
            page.mirrors = neighbourhood.mirrors?.statuses ?? []
            page.advertising = IndexPage.Advertising(advertising)
            // If no machine can be told of this one, none can be asked.
            if !advertising.isWaiting, let survey = neighbourhood.survey {
                let (found, isComplete) = survey.look()
                page.neighbours = IndexPage.Neighbours(found: found, isComplete: isComplete)
            }
        }
        return page
    }

    private func addUse(to page: inout IndexPage) {
        daemon.noteHistory()
        page.hour = daemon.history.hour()
        page.day = daemon.history.day()
        let uses = daemon.recentDownloads.day(at: monotonicNanoseconds())
        page.usage.cutOff = uses.cutOff
        // As the audit log tells of them.
        let policy = daemon.settings.withLock { $0.logClients }
        page.usage.clients = uses.clients.count
        page.usage.isExact = uses.isComplete
        if policy != .none {
            let clients = Dictionary(
                uses.clients.map { (policy.text(of: $0.key), $0.value.bytes) },
                uniquingKeysWith: { $0.adding(saturating: $1) })
            page.usage.topClients = clients.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.prefix(5)
                .map { .init(name: $0.key, bytes: $0.value) }
        }
        page.usage.topFiles = uses.files.filter { $0.value.downloads > 0 }
            .sorted { ($0.value.downloads, $0.value.last) > ($1.value.downloads, $1.value.last) }.prefix(5)
            .map { .init(digest: $0.key, name: name(of: $0.key), downloads: $0.value.downloads) }
        page.usage.last = daemon.recentDownloads.last.map { last in
            (time: unixSeconds(last.time), client: policy.text(of: last.client))
        }
    }

    /// Empty if nobody has it any more.
    private func name(of digest: Digest) -> RawName {
        guard let entry = daemon.index.find(digest), let path = daemon.index.path(of: entry) else {
            return .empty
        }
        return entry.origin == .published ? ItemName(onDisk: path)?.filename ?? path : path
    }

    /// - Parameter monotonic: nanoseconds.
    private func unixSeconds(_ monotonic: UInt64) -> Int64 {
        let now = monotonicNanoseconds()
        return wallClock().seconds - Int64((now - min(now, monotonic)) / 1_000_000_000)
    }

    private func list(_ query: PageQuery, _ directories: [DirectoryStatus]) -> Page {
        var listing = Listing(
            filter: query.search, order: query.sort.order, isDescending: query.sort.isDescending,
            hiddenPrefix: { path in
                let name = RawName(path)
                return ItemName(onDisk: name).map { name.bytes.count - $0.filename.bytes.count } ?? 0
            })
        if query.directory == PageQuery.published {
            listing.origin = .published
        } else if !query.directory.isEmpty {
            guard let origin = directories.first(where: { $0.dropIn == query.directory })?.origin else {
                return Page(items: [], total: 0)
            }
            listing.origin = origin
        }
        return daemon.index.page(listing, offset: query.offset, limit: PageQuery.pageSize)
    }

    /// - Returns: nil where nobody has it.
    func itemPage(of digest: Digest) -> ItemPage? {
        let directories = daemon.mirror.statuses
        let files = daemon.index.entries(digest).compactMap { entry -> ItemPage.File? in
            guard let path = daemon.index.path(of: entry) else { return nil }
            return ItemPage.File(
                item: listed(Item(entry: entry, path: path), directories),
                place: directories.first { $0.origin == entry.origin }?.path ?? "")
        }
        guard !files.isEmpty else { return nil }
        var page = ItemPage(
            digest: digest, files: files, port: daemon.port, hostName: daemon.hostName,
            now: wallClock().seconds)
        page.publication = daemon.store.item(digest)
        page.downloads = UInt64(daemon.shares.count(of: digest))
        page.isOpen = isOpen
        if let use = daemon.recentDownloads.day(at: monotonicNanoseconds()).files[digest] {
            page.ofDay = (use.downloads, use.bytes)
            page.lastFetched = unixSeconds(use.last)
        }
        return page
    }

    private func listed(_ item: Item, _ directories: [DirectoryStatus]) -> ListedItem {
        guard item.entry.origin != .published else {
            return ListedItem(
                entry: item.entry, path: ItemName(onDisk: item.path)?.filename ?? item.path,
                directory: PageQuery.published)
        }
        return ListedItem(
            entry: item.entry, path: item.path,
            directory: directories.first { $0.origin == item.entry.origin }?.dropIn ?? "")
    }
}

extension AdvertiserStatus {
    /// There is nobody to ask the network.
    var isWaiting: Bool { if case .waiting = state { true } else { false } }
}

extension DropIn {
    /// True if it is a trouble that its directory has no new content for long.
    fileprivate var isWatchedForAge: Bool {
        staleAfter.map { $0 > 0 } ?? (source != nil)
    }
}

extension IndexPage.Advertising {
    fileprivate init(_ status: AdvertiserStatus) {
        let room = status.leftOut > 0 ? ", no room for \(status.leftOut)" : ""
        let state =
            switch status.state {
            case .stopped: ""
            case .paused: "not advertised, as the connection is metered"
            case .waiting(let reason): "nobody finds this machine: \(reason)"
            case .hindered(let reason): "nobody finds this machine: \(reason)"
            case .registering: "the name is being registered"
            case .advertising where status.wanted == 0: "\(status.serviceName) is announced"
            case .advertising where status.means == .answers:
                "passimd answers for \(status.registered) of \(status.wanted) digests\(room)"
            case .advertising: "Avahi answers for \(status.registered) of \(status.wanted) digests\(room)"
            }
        self.init(name: status.serviceName, state: state, isFound: status.state == .advertising)
    }
}
