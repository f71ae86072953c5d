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

    /// A whole document.
    ///
    /// - Parameter main: what is between the heading and the footer.
    static func document(
        title: String, version: String, capacity: Int, heading: (inout HTMLWriter) -> Void,
        main: (inout HTMLWriter) -> Void
    ) -> [UInt8] {
        var page = HTMLWriter(capacity: 2048 + capacity)
        page.element(.html, HTMLAttribute(.lang, "en")) { html in
            html.newline()
            head(title, to: &html)
            html.element(.body) { body in
                body.newline()
                body.element(.header) { heading(&$0) }
                body.element(.main) { element in
                    element.newline()
                    main(&element)
                }
                body.element(.footer) { $0.element(.p, text: "passim \(version)") }
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
}
