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
struct PageSource: LocalPages {
    let daemon: Daemon

    func asset(_ path: LocalPath) -> LocalPage? {
        switch path {
        case .icon: PageSource.page(.icon)
        case .style: PageSource.page(.styleSheet)
        case .index, .metrics, .health, .item: nil
        }
    }

    func make(_ request: LocalRequest, _ done: @escaping @Sendable (LocalPage) -> Void) {
        // One that searches a million files must not hold a reactor.
        do throws(SystemError) {
            _ = try SystemThread(name: "page") { [self] in done(render(request)) }
        } catch {
            daemon.logger.warning("no page is made: \(error)")
            done(LocalPage(status: .serviceUnavailable, contentType: "text/plain", body: []))
        }
    }

    private func render(_ request: LocalRequest) -> LocalPage {
        switch request.path {
        case .index: PageSource.page(indexPage(PageQuery(request.query)).render())
        case .item(let name): itemPage(name)
        case .metrics: PageSource.text(MetricsText.contentType, metrics.render())
        case .health:
            PageSource.text(
                HealthText.contentType,
                HealthText(
                    directories: daemon.mirror.statuses,
                    missingPlaces: daemon.server.withLock { $0 }?.missingPlaces ?? []
                ).render())
        // They are there without being made.
        case .icon: PageSource.page(.icon)
        case .style: PageSource.page(.styleSheet)
        }
    }

    private func itemPage(_ name: [UInt8]) -> LocalPage {
        if let digest = Digest(hex: String(decoding: name, as: UTF8.self)),
            let page = itemPage(of: digest)
        {
            return PageSource.page(page.render())
        }
        return PageSource.page(MissingPage().render(), .notFound)
    }

    private static func page(_ body: [UInt8], _ status: Status = .ok) -> LocalPage {
        LocalPage(
            status: status, contentType: WebPage.contentType, fields: Array("\(WebPage.fields)".utf8),
            body: body)
    }

    private static func page(_ asset: WebAsset) -> LocalPage {
        LocalPage(contentType: asset.contentType, body: asset.bytes)
    }

    private static func text(_ type: String, _ body: [UInt8]) -> LocalPage {
        LocalPage(contentType: type, fields: Array("Cache-Control: no-store\r\n".utf8), body: body)
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
