internal import Glibc
internal import Logging
internal import PassimCore
internal import PassimHTTP
internal import PassimIndex
internal import PassimMirror
internal import PassimServer
internal import PassimSystem
internal import PassimWeb

/// Renders the pages of row 2 from what the daemon knows at that moment.
///
/// A few threads do it, those for monitoring apart from those for people: past what may wait for them the answer is
/// 503 at once.
struct PageSource: LocalPages {
    let daemon: Daemon
    private let pages = CallQueue(name: "page", threads: 4, waiting: 32)
    private let monitoring = CallQueue(name: "metrics", threads: 1, waiting: 32)
    private let pace = Lock(WarningPace())

    init(daemon: Daemon) {
        self.daemon = daemon
    }

    func asset(_ path: LocalPath) -> LocalPage? {
        switch path {
        case .icon: PageSource.page(.icon)
        case .style: PageSource.page(.styleSheet)
        case .index, .metrics, .health, .readiness, .item: nil
        }
    }

    func make(_ request: LocalRequest, _ done: @escaping @Sendable (LocalPage) -> Void) {
        let queue =
            switch request.path {
            case .metrics, .health, .readiness: monitoring
            case .index, .item, .icon, .style: pages
            }
        // One that searches a million files must not hold a reactor.
        if queue.submit({ [self] in done(render(request)) }) { return }
        let warning = pace.withLock { pace in
            pace.warning(at: monotonicNanoseconds()) {
                "too many pages are asked for at once: some are answered with 503"
            }
        }
        if let warning { daemon.logger.warning("\(warning)") }
        done(
            LocalPage(
                status: .serviceUnavailable, contentType: "text/plain",
                fields: Array("Cache-Control: no-store\r\nRetry-After: 1\r\n".utf8),
                body: Array("Too many pages are asked for at once: try again.\n".utf8)))
    }

    private func render(_ request: LocalRequest) -> LocalPage {
        switch request.path {
        case .index: PageSource.page(indexPage(PageQuery(request.query)).render())
        case .item(let name): itemPage(name)
        case .metrics: PageSource.text(MetricsText.contentType, metrics.render())
        case .health: PageSource.text(HealthText.contentType, HealthText(daemon.health).liveness)
        case .readiness: readiness
        // They are there without being made.
        case .icon: PageSource.page(.icon)
        case .style: PageSource.page(.styleSheet)
        }
    }

    private var readiness: LocalPage {
        let text = HealthText(daemon.health)
        return PageSource.text(
            HealthText.contentType, text.readiness, text.isReady ? .ok : .serviceUnavailable)
    }

    private func itemPage(_ name: [UInt8]) -> LocalPage {
        if let digest = Digest(hex: String(decoding: name, as: UTF8.self)),
            let page = itemPage(of: digest)
        {
            return PageSource.page(page.render())
        }
        var missing = MissingPage(hostName: daemon.hostName)
        missing.isOpen = isOpen
        return PageSource.page(missing.render(), .notFound)
    }

    private static func page(_ body: [UInt8], _ status: Status = .ok) -> LocalPage {
        LocalPage(
            status: status, contentType: WebPage.contentType, fields: Array("\(WebPage.fields)".utf8),
            body: body)
    }

    private static func page(_ asset: WebAsset) -> LocalPage {
        LocalPage(contentType: asset.contentType, body: asset.bytes)
    }

    private static func text(_ type: String, _ body: [UInt8], _ status: Status = .ok) -> LocalPage {
        LocalPage(
            status: status, contentType: type, fields: Array("Cache-Control: no-store\r\n".utf8), body: body)
    }
}

/// gethostname(2); localhost where there is no name.
func hostName() -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
        guard gethostname(buffer.baseAddress!, buffer.count - 1) == 0 else { return "localhost" }
        buffer[buffer.count - 1] = 0
        let name = String(cString: buffer.baseAddress!)
        return name.isEmpty ? "localhost" : name
    }
}
