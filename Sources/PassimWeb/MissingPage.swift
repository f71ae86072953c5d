internal import PassimCore

/// The page for a path that leads to nothing.
package struct MissingPage: Sendable {
    package var hostName: String
    package var version: String
    /// True if other machines may read the page, too.
    package var isOpen = false

    package init(hostName: String, version: String = passimVersion) {
        self.hostName = hostName
        self.version = version
    }

    package func render() -> [UInt8] {
        var frame = WebPage.Frame(title: "Not found – passim", hostName: hostName, version: version)
        frame.isOpen = isOpen
        return WebPage.document(frame, capacity: 512) { main in
            main.element(.p, HTMLAttribute(.class, "crumb")) { $0.link("/#files", "← All files") }
            main.element(.section, HTMLAttribute(.class, "hero")) { hero in
                hero.verdict(
                    .wait, style: "plain", { $0.text("Not found") },
                    "No file with this digest is shared here, or not any more.")
            }
        }
    }
}
