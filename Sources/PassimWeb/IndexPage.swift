package import PassimCore
internal import PassimHTTP

/// The page at `/`, for whoever sits at this machine: what is shared, and how far the scan has come.
///
/// A pure function of its values. Names come from file names, drop-ins and the network: none is trusted.
package struct IndexPage: Sendable {
    package var hostName: String
    package var version: String
    package var status: DaemonStatus
    /// Seconds since the start.
    package var uptime: UInt64
    package var directories: [DirectoryStatus]
    /// The first items; those past `itemLimit` are not shown.
    package var items: Page

    package static let itemLimit = 1000
    package static let contentType = "text/html; charset=utf-8"
    /// For the Content-Security-Policy field of this page: nothing runs, and nothing is loaded but our assets.
    package static let contentSecurityPolicy: StaticString =
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    package init(
        hostName: String, version: String = passimVersion, status: DaemonStatus, uptime: UInt64,
        directories: [DirectoryStatus], items: Page
    ) {
        self.hostName = hostName
        self.version = version
        self.status = status
        self.uptime = uptime
        self.directories = directories
        self.items = items
    }

    package func render() -> [UInt8] {
        let shown = items.items.prefix(IndexPage.itemLimit)
        var page = HTMLWriter(capacity: 4096 + directories.count * 768 + shown.count * 512)
        page.element(.html, HTMLAttribute(.lang, "en")) { html in
            html.newline()
            writeHead(to: &html)
            html.element(.body) { body in
                body.newline()
                body.element(.header) { $0.element(.h1, text: "passim on \(hostName)") }
                body.element(.main) { main in
                    main.newline()
                    writeStatus(to: &main)
                    writeDirectories(to: &main)
                    writeItems(shown, to: &main)
                }
                body.element(.footer) { $0.element(.p, text: "passim \(version)") }
            }
        }
        return page.bytes
    }

    private func writeHead(to html: inout HTMLWriter) {
        html.element(.head) { head in
            head.newline()
            head.void(.meta, HTMLAttribute(.charset, "utf-8"))
            head.void(
                .meta, HTMLAttribute(.name, "viewport"),
                HTMLAttribute(.content, "width=device-width, initial-scale=1"))
            head.element(.title, text: "passim on \(hostName)")
            head.void(
                .link, HTMLAttribute(.rel, "stylesheet"), HTMLAttribute(.href, WebAsset.styleSheet.path))
            head.void(
                .link, HTMLAttribute(.rel, "icon"), HTMLAttribute(.type, WebAsset.icon.contentType),
                HTMLAttribute(.href, WebAsset.icon.path))
        }
    }

    private func writeStatus(to main: inout HTMLWriter) {
        main.element(.section, HTMLAttribute(.ariaLabelledby, "status")) { section in
            section.element(.h2, HTMLAttribute(.id, "status"), text: "Status")
            section.element(.dl) { list in
                list.element(.dt, text: "Daemon")
                list.element(.dd, text: status.word)
                list.element(.dt, text: "Running for")
                list.element(.dd, text: HumanText.duration(seconds: uptime))
            }
        }
    }

    private func writeDirectories(to main: inout HTMLWriter) {
        main.element(.section, HTMLAttribute(.ariaLabelledby, "directories")) { section in
            section.element(.h2, HTMLAttribute(.id, "directories"), text: "Directories")
            if directories.isEmpty {
                section.element(.p, text: "No directory is configured.")
                return
            }
            section.table(
                caption: "Configured directories and how far their scan has come",
                columns: ["Directory", "Drop-in", "State", "Files", "Size", "Hashed", "Last change"]
            ) { body in
                for directory in directories { body.row(directory) }
            }
        }
    }

    private func writeItems(_ shown: ArraySlice<Item>, to main: inout HTMLWriter) {
        main.element(.section, HTMLAttribute(.ariaLabelledby, "files")) { section in
            section.element(.h2, HTMLAttribute(.id, "files"), text: "Files")
            section.element(.p, text: countSentence(shown.count))
            if shown.isEmpty { return }
            section.table(caption: "Shared files", columns: ["File", "Size", "Modified", "SHA-256"]) { body in
                for item in shown { body.row(item) }
            }
        }
    }

    private func countSentence(_ shown: Int) -> String {
        if items.total == 0 { return "No file is shared." }
        let total = items.total == 1 ? "1 file is shared" : "\(items.total) files are shared"
        return shown < items.total ? "\(total); the first \(shown) are shown." : "\(total)."
    }
}
