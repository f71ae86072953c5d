import PassimCore

@testable import PassimWeb

/// Values to render.
enum Sample {
    static let digest = Digest(hex: String(repeating: "0123456789abcdef", count: 4))!

    static func item(_ path: RawName, size: UInt64 = 1536, flags: ItemFlags = []) -> ListedItem {
        let moment = Timestamp(seconds: 784_111_777, nanoseconds: 0)
        let entry = Entry(
            id: EntryID(1), digest: digest,
            identity: FileIdentity(device: 1, inode: 2, size: size, modified: moment, changed: moment),
            origin: OriginID(1), directory: DirectoryID(1), flags: flags)
        return ListedItem(entry: entry, path: path, directory: "lvfs.conf")
    }

    static func directory(
        _ state: DirectoryStatus.State = .watching, path: String = "/srv/lvfs"
    ) -> DirectoryStatus {
        DirectoryStatus(dropIn: "lvfs.conf", path: path, state: state)
    }

    static func page(
        hostName: String = "box", directories: [DirectoryStatus] = [], items: [ListedItem] = [],
        found: Int? = nil, total: Int? = nil, _ change: (inout IndexPage) -> Void = { _ in }
    ) -> String {
        var page = IndexPage(
            hostName: hostName, version: "1.2.3", status: .loading, uptime: 90061, directories: directories,
            items: items, found: found ?? items.count, total: total ?? items.count)
        change(&page)
        return String(validating: page.render(), as: UTF8.self) ?? "not UTF-8"
    }
}

extension String {
    /// How many pieces `separator` cuts the text into.
    func pieces(separatedBy separator: String) -> Int {
        var rest = Substring(self)
        var count = 1
        while let found = rest.firstRange(of: separator) {
            count += 1
            rest = rest[found.upperBound...]
        }
        return count
    }

    /// Elements of a page that are not closed, or not by the right tag.
    var openElements: [String] {
        var open = [String]()
        var rest = Substring(self)
        while let start = rest.firstIndex(of: "<"), let end = rest[start...].firstIndex(of: ">") {
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            let name = String(tag.prefix { $0 != " " })
            if name.hasPrefix("/") {
                guard open.popLast() == String(name.dropFirst()) else { return open + [name] }
            } else if !["!DOCTYPE", "meta", "link", "input"].contains(name) {
                open.append(name)
            }
        }
        return open
    }
}
