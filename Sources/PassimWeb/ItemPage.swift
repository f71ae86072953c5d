package import PassimCore
internal import PassimHTTP

/// The page at `/items/…`: everything that is known of one digest.
package struct ItemPage: Sendable {
    package var digest: Digest
    /// All files that have it, at least one.
    package var files: [File]
    /// Until when and how often it is shared, where it was published.
    package var publication: ItemDescription?
    /// This daemon's port.
    package var port: UInt16
    package var hostName: String
    package var version: String

    package struct File: Sendable {
        package var item: ListedItem
        /// The directory's, before the path; empty for published files.
        package var place: String

        package init(item: ListedItem, place: String) {
            self.item = item
            self.place = place
        }
    }

    package init(
        digest: Digest, files: [File], port: UInt16, hostName: String, version: String = passimVersion
    ) {
        self.digest = digest
        self.files = files
        self.port = port
        self.hostName = hostName
        self.version = version
    }

    /// The first file's: any name will do.
    private var name: RawName { files.first?.item.path.basename ?? .empty }

    /// Path and query; nothing of it needs quoting, in an attribute or a shell.
    private var target: String {
        let path = PercentEncoding.encode(name.askable(for: digest))
        return "/\(String(decoding: path, as: UTF8.self))?sha256=\(digest.hex)"
    }

    private var isServed: Bool { files.contains { $0.item.isServed } }

    package func render() -> [UInt8] {
        WebPage.document(
            title: "\(String(decoding: name.bytes, as: UTF8.self)) – passim on \(hostName)", version: version,
            capacity: 2048 + files.count * 512
        ) { header in
            header.element(.p) { $0.link("/", "All files") }
            header.element(.h1) { $0.name(name) }
        } main: { main in
            writeItem(to: &main)
            if isServed { writeDownload(to: &main) }
            writeFiles(to: &main)
        }
    }

    private func writeItem(to main: inout HTMLWriter) {
        main.section("item", "Item") { section in
            section.element(.dl) { list in
                list.entry("SHA-256") { $0.element(.code, HTMLAttribute(.class, "copied"), text: digest.hex) }
                if let size = files.first?.item.entry.identity.size {
                    list.entry(
                        "Size",
                        size < 1024
                            ? "\(size) B"
                            : "\(HumanText.size(bytes: size)) (\(HumanText.count(size)) bytes)")
                }
                list.entry("Served", isServed ? "yes" : "not before the next restart of this machine")
                if let publication { list.entries(of: publication) }
            }
        }
    }

    private func writeDownload(to main: inout HTMLWriter) {
        main.section("download", "Download") { section in
            section.element(.p) { line in
                line.element(.a, HTMLAttribute(.href, target), HTMLAttribute(.download, "")) { link in
                    link.text("Download ")
                    link.name(name)
                }
            }
            section.element(.p, text: "In a terminal of this machine:")
            section.command("curl --insecure --remote-name 'https://localhost:\(port)\(target)'")
            section.element(
                .p,
                text: "What was fetched is the right file if its SHA-256 is the one above; "
                    + "certificates of this service prove nothing.")
        }
    }

    private func writeFiles(to main: inout HTMLWriter) {
        main.section("paths", files.count == 1 ? "File" : "Files") { section in
            section.table(
                caption: files.count == 1
                    ? "The file with this digest"
                    : "\(HumanText.count(files.count)) files with this digest",
                columns: ["Path", "Directory", "Modified", "Changed"]
            ) { body in
                for file in files { body.row(file) }
            }
        }
    }
}

extension HTMLWriter {
    /// One click marks all of it.
    fileprivate mutating func command(_ text: String) {
        element(.pre, HTMLAttribute(.tabindex, "0"), HTMLAttribute(.ariaLabel, "Command")) { block in
            block.element(.code, HTMLAttribute(.class, "copied"), text: text)
        }
    }

    fileprivate mutating func entries(of publication: ItemDescription) {
        entry("Published") { value in
            value.time(publication.created)
            guard !publication.cmdline.isEmpty else { return }
            value.text(" by ")
            value.name(RawName(publication.cmdline))
        }
        let lifetime = publication.lifetime
        entry("Shared until") { value in
            guard lifetime.maxAge < Lifetime.unlimited else { return value.text("it is unpublished") }
            value.time(publication.created &+ Int64(lifetime.maxAge))
        }
        let count = HumanText.count(publication.shareCount)
        let isLimited = lifetime.shareLimit > 0 && lifetime.shareLimit < Lifetime.unlimited
        entry("Downloads", isLimited ? "\(count) of \(HumanText.count(lifetime.shareLimit))" : count)
    }

    fileprivate mutating func row(_ file: ItemPage.File) {
        let identity = file.item.entry.identity
        element(.tr) { row in
            row.headCell { cell in
                let place =
                    file.place.isEmpty ? file.item.path : RawName(file.place).appending(file.item.path)
                cell.name(place)
                if !file.item.isServed { cell.text(" (not served now)") }
            }
            row.cell("Directory") { $0.name(file.item.directory) }
            row.cell("Modified") { $0.time(identity.modified.seconds) }
            row.cell("Changed") { $0.time(identity.changed.seconds) }
        }
    }
}
