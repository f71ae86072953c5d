import PassimCore

@testable import PassimWeb

/// Values to render.
enum Sample {
    static let digest = Digest(hex: String(repeating: "0123456789abcdef", count: 4))!

    static func item(
        _ path: RawName, size: UInt64 = 1536, flags: ItemFlags = [], isPublished: Bool = false
    ) -> ListedItem {
        let moment = Timestamp(seconds: 784_111_777, nanoseconds: 0)
        let origin: OriginID = isPublished ? .published : OriginID(1)
        let entry = Entry(
            id: EntryID(1), digest: digest,
            identity: FileIdentity(device: 1, inode: 2, size: size, modified: moment, changed: moment),
            origin: origin, directory: DirectoryID(1), flags: flags)
        return ListedItem(entry: entry, path: path, directory: isPublished ? "published" : "lvfs.conf")
    }

    static func directory(
        _ state: DirectoryStatus.State = .watching, path: String = "/srv/lvfs"
    ) -> DirectoryStatus {
        DirectoryStatus(dropIn: "lvfs.conf", path: path, state: state)
    }

    /// Seconds since 1970: an hour after the files' times.
    static let now: Int64 = 784_115_377

    static func health(
        _ troubles: [Trouble] = [], status: DaemonStatus = .running, directories: [DirectoryStatus] = [],
        files: UInt64 = 0, wanted: UInt64 = 0, found: UInt64 = 0
    ) -> Health {
        Health(
            status: status, troubles: troubles, directories: directories, files: files, wanted: wanted,
            found: found)
    }

    static func page(
        hostName: String = "box", directories: [DirectoryStatus] = [], items: [ListedItem] = [],
        found: Int? = nil, total: Int? = nil, _ change: (inout IndexPage) -> Void = { _ in }
    ) -> String {
        let count = total ?? items.count
        let told = health(
            directories: directories, files: UInt64(count), wanted: UInt64(count), found: UInt64(count))
        var page = IndexPage(
            hostName: hostName, version: "1.2.3", uptime: 90061, now: now, health: told, items: items,
            found: found ?? items.count, total: count)
        page.advertising = .init(name: "Passim-AB12", state: "Avahi answers", isFound: true)
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
