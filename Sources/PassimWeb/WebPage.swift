internal import PassimCore
internal import PassimHTTP

/// The common parts of all our pages.
package enum WebPage {
    package static let contentType = "text/html; charset=utf-8"

    /// Header fields of each, ended by CRLF. Nothing runs, nothing is loaded but our assets, forms lead
    /// nowhere else, and nobody keeps a copy.
    package static let fields: StaticString = """
        Content-Security-Policy: default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; \
        form-action 'self'; frame-ancestors 'none'\r\n\
        X-Content-Type-Options: nosniff\r\n\
        Referrer-Policy: no-referrer\r\n\
        Cache-Control: no-store\r\n
        """

    /// What a page has around its content.
    struct Frame {
        var title: String
        /// This machine's name; empty where it is not told.
        var hostName: String
        var version: String
        /// Seconds since the start of the daemon; nil: not told.
        var uptime: UInt64?
        /// Unix seconds; nil: the time is not told.
        var now: Int64?
        /// Addresses of parts of the page, or of others, and their names.
        var parts: [(href: String, name: String)] = []
        /// True if other machines may read the page, too.
        var isOpen = false
    }

    /// A whole document.
    ///
    /// - Parameter capacity: about how many bytes `main` has.
    static func document(_ frame: Frame, capacity: Int, main: (inout HTMLWriter) -> Void) -> [UInt8] {
        var page = HTMLWriter(capacity: 4096 + capacity)
        page.element(.html, HTMLAttribute(.lang, "en")) { html in
            html.newline()
            head(frame.title, to: &html)
            html.element(.body) { body in
                body.newline()
                Mark.writeAll(to: &body)
                top(frame, to: &body)
                body.element(.main) { element in
                    element.newline()
                    main(&element)
                }
                footer(frame, to: &body)
            }
        }
        return page.bytes
    }

    private static func head(_ title: String, to html: inout HTMLWriter) {
        html.element(.head) { head in
            head.newline()
            head.void(.meta, HTMLAttribute(.charset, "utf-8"))
            head.void(
                .meta, HTMLAttribute(.name, "viewport"),
                HTMLAttribute(.content, "width=device-width, initial-scale=1"))
            head.element(.title, text: title)
            head.void(
                .link, HTMLAttribute(.rel, "stylesheet"), HTMLAttribute(.href, WebAsset.styleSheet.path))
            head.void(
                .link, HTMLAttribute(.rel, "icon"), HTMLAttribute(.type, WebAsset.icon.contentType),
                HTMLAttribute(.href, WebAsset.icon.path))
        }
    }

    private static func top(_ frame: Frame, to body: inout HTMLWriter) {
        if let files = frame.parts.first(where: { $0.href.hasSuffix("#files") }) {
            body.element(
                .a, HTMLAttribute(.class, "skip"), HTMLAttribute(.href, files.href), text: "To the files")
            body.newline()
        }
        body.element(.header, HTMLAttribute(.class, "top")) { top in
            top.newline()
            top.element(.a, HTMLAttribute(.class, "brand"), HTMLAttribute(.href, "/")) { brand in
                brand.element(
                    .svg, HTMLAttribute(.viewBox, "0 0 16 16"), HTMLAttribute(.ariaHidden, "true")
                ) { $0.element(.path, HTMLAttribute(.d, sign), text: "") }
                brand.text("passim")
                guard !frame.hostName.isEmpty else { return }
                brand.text(" on ")
                brand.name(frame.hostName)
            }
            if !frame.parts.isEmpty {
                top.element(.nav, HTMLAttribute(.ariaLabel, "Parts of this page")) { nav in
                    nav.element(.ul) { list in
                        for part in frame.parts { list.element(.li) { $0.link(part.href, part.name) } }
                    }
                }
            }
            guard let now = frame.now else { return }
            top.element(.p, HTMLAttribute(.class, "quiet")) { line in
                let time = CivilTime(unixSeconds: now)
                line.text("As of ")
                line.element(
                    .time, HTMLAttribute(.datetime, HumanText.machineTime(time)),
                    text: "\(HumanText.clock(time)) UTC")
                line.text(" · ")
                // The same page, whatever was asked for.
                line.link("", "Reload")
            }
        }
    }

    /// The icon's: a host that hands a file down to three others.
    private static let sign =
        "M5 1h6v4H8.7v2H14v3h1v5h-4v-5h1.2V8.7H8.7V10H10v5H6v-5h1.3V8.7H3.8V10H5v5H1v-5h1V7h5.3V5H5z"

    private static func footer(_ frame: Frame, to body: inout HTMLWriter) {
        body.element(.footer) { footer in
            let running = frame.uptime.map { ", running for \(HumanText.duration(seconds: $0))" } ?? ""
            footer.element(.p, text: "passim \(frame.version)\(running). All times are UTC.")
            footer.element(.p) { line in
                line.text(
                    frame.isOpen
                        ? "This page is for this machine and those of PageAllow= in passim.conf. Monitoring: "
                        : "This page is for this machine only; PageAllow= in passim.conf opens it. Monitoring: "
                )
                line.link("/metrics", "/metrics")
                line.text(", ")
                line.link("/readyz", "/readyz")
                line.text(". Manual: ")
                line.element(.code, text: "man passimd")
            }
        }
    }
}
