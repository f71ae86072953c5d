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
        case .icon, .style, .metrics, .health, .item:
            LocalPage(status: .notFound, contentType: "text/plain", body: [])
        case .index:
            LocalPage(
                contentType: IndexPage.contentType,
                fields: Array("Content-Security-Policy: \(IndexPage.contentSecurityPolicy)\r\n".utf8),
                body: IndexPage(
                    hostName: daemon.hostName, status: daemon.status,
                    uptime: (monotonicNanoseconds() - daemon.started) / 1_000_000_000,
                    directories: daemon.mirror.statuses,
                    items: daemon.index.page(offset: 0, limit: IndexPage.itemLimit, filter: nil)
                ).render())
        }
    }

    private static func page(_ asset: WebAsset) -> LocalPage {
        LocalPage(contentType: asset.contentType, body: asset.bytes)
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
