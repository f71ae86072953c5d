internal import ArgumentParser
internal import Glibc
internal import PassimCore
internal import PassimIndex
internal import PassimSystem
internal import PassimWeb

/// `passim-bench page`: how long the page takes to be made where there are a million files, from the index to
/// its last byte. It is made on one thread, so its CPU time is what it takes where the machine has nothing
/// else to do.
struct PageBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "page", abstract: "The page over an index of a million files.")

    @OptionGroup var synthetic: SyntheticOptions

    @OptionGroup var report: ReportOptions

    func run() throws {
        try measure().tell(json: report.json)
    }

    func measure() -> Report {
        let files = synthetic.files
        let index = DigestIndex()
        files.forEachDirectory { files.insert($1, below: $0, into: index) }
        let digest = files.digest(files.count / 2).hex
        let middle = files.count / PageQuery.pageSize / 2
        let queries: [(what: String, query: String)] = [
            ("first page", ""), ("a page in the middle", "page=\(middle)"),
            ("search, one found", "q=\(digest)"),
            ("search, some found", "q=00012"), ("search, all found", "q=fw-"),
            ("by name", "sort=name"), ("by size", "sort=-size"), ("by time, oldest first", "sort=modified"),
            ("search, by name", "q=fw-&sort=-name"),
            ("by name, a page in the middle", "sort=name&page=\(middle)"),
            ("by size, a page in the middle", "sort=size&page=\(middle)"),
        ]
        let rows = queries.map { what, query in
            let query = PageQuery(Array(query.utf8))
            let times = (0..<synthetic.rounds).map { _ in
                let start = processorNanoseconds()
                let page = PageBenchmark.page(query, index)
                precondition(page.count > 4096)
                return Double(processorNanoseconds() - start) / 1_000_000
            }
            return Report.Row(what: what, unit: "ms of CPU", ours: median(times), target: .atMost(1000))
        }
        return Report(name: "page, \(files.count) entries", peer: "none", rows: rows)
    }

    private static func page(_ query: PageQuery, _ index: DigestIndex) -> [UInt8] {
        let listing = Listing(
            filter: query.search, order: query.sort.order, isDescending: query.sort.isDescending)
        let files = index.page(listing, offset: query.offset, limit: PageQuery.pageSize)
        var page = IndexPage(
            hostName: "box", uptime: 1, now: 1,
            health: Health(
                status: .running, troubles: [],
                directories: [DirectoryStatus(dropIn: "lvfs.conf", path: "/srv/lvfs", state: .watching)],
                files: UInt64(index.count), wanted: 0, found: 0),
            items: files.items.map { ListedItem(entry: $0.entry, path: $0.path, directory: "lvfs.conf") },
            found: files.total, total: index.count)
        page.query = query
        return page.render()
    }
}
