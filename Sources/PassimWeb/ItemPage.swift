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
    /// When it is made, in Unix seconds.
    package var now: Int64
    /// Downloads by other machines in the last day, and their bytes.
    package var ofDay: (downloads: UInt64, bytes: UInt64) = (0, 0)
    /// Unix seconds: when another machine had bytes of it last, in the last day.
    package var lastFetched: Int64?
    /// Downloads by anybody.
    package var downloads: UInt64 = 0
    /// True if other machines may read the page, too.
    package var isOpen = false

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
        digest: Digest, files: [File], port: UInt16, hostName: String, now: Int64,
        version: String = passimVersion
    ) {
        self.digest = digest
        self.files = files
        self.port = port
        self.hostName = hostName
        self.now = now
        self.version = version
    }

    /// The first file's: any name will do.
    private var name: RawName { files.first?.item.path.basename ?? .empty }

    /// The name as a URL has it: nothing of it needs quoting, in an attribute or a shell.
    private var encodedName: String {
        String(decoding: PercentEncoding.encode(name.askable(for: digest)), as: UTF8.self)
    }

    private var target: String { "/\(encodedName)?sha256=\(digest.hex)" }

    private var isServed: Bool { files.contains { $0.item.isServed } }

    package func render() -> [UInt8] {
        let shown = String(decoding: name.bytes, as: UTF8.self)
        var frame = WebPage.Frame(
            title: "\(shown) – passim on \(hostName)", hostName: hostName, version: version)
        frame.now = now
        frame.isOpen = isOpen
        frame.parts = [("/", "Overview"), ("/#files", "Files")]
        return WebPage.document(frame, capacity: 4096 + files.count * 512) { main in
            main.element(.p, HTMLAttribute(.class, "crumb")) { $0.link("/#files", "← All files") }
            writeSummary(to: &main)
            if isServed {
                main.element(.div, HTMLAttribute(.class, "row")) { writeCommands(to: &$0) }
            }
            main.element(.div, HTMLAttribute(.class, "row")) { writeFiles(to: &$0) }
        }
    }

    private func writeSummary(to main: inout HTMLWriter) {
        main.element(.section, HTMLAttribute(.class, "hero"), HTMLAttribute(.ariaLabel, "Summary")) { hero in
            hero.newline()
            hero.verdict(
                isServed ? .good : .wait, style: "plain", { $0.name(name) },
                isServed
                    ? "Shared with every machine that reaches this one and asks for the digest."
                    : "Not shared before the next restart of this machine.")
            hero.figures { list in
                if let size = files.first?.item.entry.identity.size {
                    list.figure(
                        "Size", ByteCount(size).description,
                        size < 1024 ? "exactly" : "\(HumanText.count(size)) bytes")
                }
                list.figure(
                    "Fetched", "\(HumanText.count(ofDay.downloads)) ×", unit: "in 24 h",
                    ofDay.bytes > 0
                        ? "\(ByteCount(ofDay.bytes)) by other machines" : "by no other machine")
                list.figure("Downloads", allDownloads, "by anybody so far")
                list.figure(
                    "Last fetched", lastFetched.map { HumanText.ago($0, now: now) } ?? HumanText.none,
                    lastFetched == nil ? "not in the last 24 h" : "by another machine")
            }
            hero.element(.p, HTMLAttribute(.class, "id")) { line in
                line.element(.span, HTMLAttribute(.class, "quiet"), text: "SHA-256")
                line.newline()
                line.element(.code, HTMLAttribute(.class, "digest"), text: digest.hex)
                line.newline()
                line.element(.span, HTMLAttribute(.class, "quiet"), text: "a click marks it")
            }
        }
    }

    private var allDownloads: String {
        guard let publication else { return HumanText.count(downloads) }
        let limit = publication.lifetime.shareLimit
        let count = HumanText.count(publication.shareCount)
        return limit > 0 && limit < Lifetime.unlimited ? "\(count) of \(HumanText.count(limit))" : count
    }

    private func writeCommands(to row: inout HTMLWriter) {
        row.section("get", "Fetch it from another machine") { section in
            section.element(.div, HTMLAttribute(.class, "how")) { how in
                how.element(.div) { way in
                    way.element(.h3, text: "With curl, from here")
                    way.element(.p, text: "From any machine that reaches this one:")
                    way.command(
                        "curl --insecure --remote-name 'https://\(networkName(hostName)):\(port)\(target)'")
                    way.element(
                        .p, text: "Then check it; the certificate proves nothing, the digest does:")
                    way.command("echo '\(digest.hex)  \(encodedName)' | sha256sum --check")
                }
                how.element(.div) { way in
                    way.element(.h3, text: "With passim, from whoever has it")
                    way.element(.p, text: "Needs passimd there; what it sends is checked:")
                    way.command("passim download \(commandName) \(digest.hex)")
                    way.element(.h3, text: "In this browser")
                    way.element(.p) { line in
                        line.element(.a, HTMLAttribute(.href, target), HTMLAttribute(.download, "")) { link in
                            link.text("Download ")
                            link.name(name)
                        }
                    }
                }
            }
        }
    }

    /// The name as a word of a shell; encoded, if nobody should paste what it has.
    private var commandName: String {
        String(validating: name.bytes, as: UTF8.self).flatMap { ShellWord.quoted($0) }
            ?? "-- '\(encodedName)'"
    }

    private func writeFiles(to row: inout HTMLWriter) {
        let count = HumanText.count(files.count, "file")
        row.section("paths", "Where it is", note: "\(count) with this content") { section in
            section.table(
                "stack", caption: "Files with this digest",
                columns: [
                    ("Path", false), ("From", false), ("Modified", false), ("Changed", false),
                    ("Shared until", false),
                ]
            ) { body in
                for file in files { body.row(file, publication) }
            }
        }
    }
}

extension HTMLWriter {
    fileprivate mutating func row(_ file: ItemPage.File, _ publication: ItemDescription?) {
        let identity = file.item.entry.identity
        let publication = file.item.entry.origin == .published ? publication : nil
        element(.tr) { row in
            row.headCell { cell in
                let place =
                    file.place.isEmpty ? file.item.path : RawName(file.place).appending(file.item.path)
                cell.name(place)
                if !file.item.isServed { cell.text(" (not served now)") }
            }
            row.cell("from") { cell in
                cell.name(file.item.directory)
                guard let publication else { return }
                cell.text(" ")
                cell.time(publication.created)
                guard !publication.cmdline.isEmpty else { return }
                cell.text(" by ")
                cell.name(publication.cmdline)
            }
            row.cell("modified") { $0.time(identity.modified.seconds) }
            row.cell("changed") { $0.time(identity.changed.seconds) }
            row.cell("until") { cell in
                guard let publication else { return cell.text("it is removed") }
                let age = publication.lifetime.maxAge
                guard age < Lifetime.unlimited else { return cell.text("it is unpublished") }
                cell.time(publication.created &+ Int64(age))
            }
        }
    }
}
