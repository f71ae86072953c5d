package import PassimCore
internal import PassimHTTP

/// The page at `/`, for whoever sits at this machine: what is shared, how far the scan has come, and what has
/// been asked for.
///
/// A pure function of its values. Names come from file names, drop-ins and the network: none is trusted.
package struct IndexPage: Sendable {
    package var hostName: String
    package var version: String
    package var status: DaemonStatus
    /// Seconds since the start.
    package var uptime: UInt64
    /// nil: nobody has looked.
    package var health: Health?
    package var savings = Savings()
    package var advertising = Advertising()
    package var directories: [DirectoryStatus]
    /// Files and bytes that were published, which have no directory.
    package var published: (files: Int, bytes: UInt64) = (0, 0)
    package var hour = Activity(samples: [], step: 1)
    package var day = Activity(samples: [], step: 1)
    /// nil where nobody can be asked.
    package var neighbours: Neighbours?
    package var query = PageQuery()
    /// The files of the query's page.
    package var items: [ListedItem]
    /// How many files there are that are asked for, and how many at all.
    package var found: Int
    package var total: Int

    /// Downloads by others from here, not the internet.
    package struct Savings: Sendable {
        package var bytes: UInt64
        /// kg CO2e.
        package var carbon: Double

        package init(bytes: UInt64 = 0, carbon: Double = 0) {
            self.bytes = bytes
            self.carbon = carbon
        }
    }

    /// How other machines find this one.
    package struct Advertising: Sendable {
        /// The service's; empty while there is none.
        package var name: String
        /// How it goes, in words.
        package var state: String

        package init(name: String = "", state: String = "") {
            self.name = name
            self.state = state
        }
    }

    package struct Neighbours: Sendable {
        package var found: [Neighbour]
        /// True if all that are going to answer have.
        package var isComplete: Bool

        package init(found: [Neighbour], isComplete: Bool) {
            self.found = found
            self.isComplete = isComplete
        }
    }

    package init(
        hostName: String, version: String = passimVersion, status: DaemonStatus, uptime: UInt64,
        directories: [DirectoryStatus], items: [ListedItem], found: Int, total: Int
    ) {
        self.hostName = hostName
        self.version = version
        self.status = status
        self.uptime = uptime
        self.directories = directories
        self.items = items
        self.found = found
        self.total = total
    }

    package func render() -> [UInt8] {
        WebPage.document(
            title: "passim on \(hostName)", version: version,
            capacity: 8192 + directories.count * 1024 + items.count * 768
        ) { header in
            header.element(
                .a, HTMLAttribute(.class, "skip"), HTMLAttribute(.href, "#files"), text: "To the files")
            header.element(.h1) { heading in
                heading.text("passim on ")
                heading.name(hostName)
            }
        } main: { main in
            writeStatus(to: &main)
            writeTroubles(to: &main)
            writeDirectories(to: &main)
            writeActivity(to: &main)
            writeNeighbours(to: &main)
            writeItems(to: &main)
        }
    }

    private func writeStatus(to main: inout HTMLWriter) {
        main.section("status", "Status") { section in
            section.element(.dl) { list in
                if let health {
                    list.entry(
                        "Verdict", "\(health.verdict.word): \(ForeignText.shown(health.headline, in: .html))")
                }
                list.entry("Daemon", status.word)
                list.entry("Running for", HumanText.duration(seconds: uptime))
                list.entry("On the network") { value in
                    if !advertising.name.isEmpty {
                        value.name(advertising.name)
                        value.text(": ")
                    }
                    value.text(advertising.state.isEmpty ? "nothing is advertised" : advertising.state)
                }
                list.entry("Saved", savings.sentence)
            }
        }
    }

    private func writeNeighbours(to main: inout HTMLWriter) {
        main.section("peers", "Peers") { section in
            guard let neighbours else {
                section.element(.p, text: "The network cannot be asked for other machines.")
                return
            }
            if neighbours.found.isEmpty {
                section.element(
                    .p,
                    text: neighbours.isComplete
                        ? "No other machine of the network offers to serve."
                        : "No other machine of the network has answered yet; load the page again to see more."
                )
                return
            }
            if !neighbours.isComplete {
                section.element(.p, text: "More may answer; load the page again to see them.")
            }
            section.table(
                caption: "Machines of the network that offer to serve",
                columns: ["Service", "Host", "Address"]
            ) { body in
                for neighbour in neighbours.found { body.row(neighbour) }
            }
        }
    }
}

extension IndexPage.Savings {
    fileprivate var sentence: String {
        guard bytes > 0 else { return "nothing yet: no file has been sent" }
        return "\(HumanText.size(bytes: bytes)) not fetched from the internet, "
            + "\(HumanText.decimal(carbon)) kg CO₂e"
    }
}

extension HTMLWriter {
    fileprivate mutating func row(_ neighbour: Neighbour) {
        element(.tr) { row in
            row.headCell { $0.name(neighbour.name) }
            row.cell("Host") { $0.name(neighbour.host.isEmpty ? "–" : neighbour.host) }
            row.cell("Address") { $0.text(neighbour.peer.text) }
        }
    }
}

extension Peer {
    fileprivate var text: String { address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)" }
}
