internal import Glibc
internal import PassimCore
internal import PassimIndex
internal import PassimMirror
internal import PassimServer
internal import PassimSystem
internal import PassimWeb

/// Renders the pages of row 2 from what the daemon knows at that moment.
struct PageSource: LocalPages {
    /// Items that one page lists.
    private static let listed = 1000

    let index: DigestIndex
    let mirror: Mirror
    let hostName: String
    let started: UInt64

    func page(_ path: LocalPath) -> LocalPage {
        switch path {
        case .icon: LocalPage(contentType: IndexPage.iconType, body: IndexPage.icon)
        case .style: LocalPage(contentType: "text/css; charset=utf-8", body: IndexPage.style)
        case .index:
            LocalPage(
                contentType: "text/html; charset=utf-8", fields: IndexPage.headerFields,
                body: IndexPage(
                    hostName: hostName, version: passimVersion,
                    status: mirror.firstPassDone ? .running : .loading,
                    uptimeSeconds: Int((monotonicNanoseconds() - started) / 1_000_000_000),
                    directories: mirror.statuses,
                    items: index.page(offset: 0, limit: PageSource.listed, filter: nil)
                ).render())
        }
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
