internal import PassimCore

/// The page for a path that leads to nothing.
package struct MissingPage: Sendable {
    package var version: String

    package init(version: String = passimVersion) {
        self.version = version
    }

    package func render() -> [UInt8] {
        WebPage.document(title: "Not found – passim", version: version, capacity: 512) { header in
            header.element(.h1, text: "Not found")
        } main: { main in
            main.element(.p, text: "No file with this digest is shared here, or not any more.")
            main.element(.p) { $0.link("/", "All files") }
        }
    }
}
