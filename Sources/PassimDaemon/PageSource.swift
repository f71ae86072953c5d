internal import Glibc
internal import PassimCore
internal import PassimIndex
internal import PassimMirror
internal import PassimServer
internal import PassimSystem
internal import PassimWeb

/// Renders the pages of row 2 from what the daemon knows at that moment.
struct PageSource: LocalPages {
    let daemon: Daemon

    func page(_ path: LocalPath) -> LocalPage {
        switch path {
        case .icon: PageSource.page(.icon)
        case .style: PageSource.page(.styleSheet)
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
