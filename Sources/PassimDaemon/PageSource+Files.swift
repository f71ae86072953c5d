// The pages about files: the list of all, and one of them.

internal import PassimConfig
internal import PassimCore
internal import PassimDiscovery
internal import PassimIndex
internal import PassimMirror
internal import PassimPublish
internal import PassimServer
internal import PassimSystem
internal import PassimWeb

extension PageSource {
    func indexPage(_ query: PageQuery) -> IndexPage {
        let health = daemon.health
        let directories = health.directories
        let files = list(query, directories)
        var page = IndexPage(
            hostName: daemon.hostName, status: daemon.status,
            uptime: (monotonicNanoseconds() - daemon.started) / 1_000_000_000, directories: directories,
            items: files.items.map { listed($0, directories) }, found: files.total, total: daemon.index.count)
        page.query = query
        page.health = health
        page.published = daemon.index.totals(origin: .published)
        page.savings = .init(bytes: daemon.totals.downloadSaving, carbon: daemon.carbonSaving)
        daemon.noteHistory()
        page.hour = daemon.history.hour()
        page.day = daemon.history.day()
        if let neighbourhood = daemon.neighbourhood.withLock({ $0 }) {
            let advertising = neighbourhood.advertising
            page.advertising = IndexPage.Advertising(advertising)
            // If no machine can be told of this one, none can be asked.
            if !advertising.isWaiting, let survey = neighbourhood.survey {
                let (found, isComplete) = survey.look()
                page.neighbours = IndexPage.Neighbours(found: found, isComplete: isComplete)
            }
        }
        return page
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
            digest: digest, files: files, port: daemon.server.withLock { $0 }?.port ?? 0,
            hostName: daemon.hostName)
        page.publication = daemon.store.item(digest)
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
            case .advertising where status.means == .answers:
                "questions for \(status.registered) of \(status.wanted) digests are answered\(room)"
            case .advertising: "\(status.registered) of \(status.wanted) digests are advertised\(room)"
            }
        self.init(name: status.serviceName, state: state)
    }
}
