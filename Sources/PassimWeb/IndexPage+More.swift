// What opens when it is wanted: how other machines use this one, and which others there are.

internal import PassimCore
internal import PassimHTTP

extension IndexPage {
    /// Open as long as nobody has fetched anything.
    func writeInstructions(to more: inout HTMLWriter) {
        more.details(
            "use", "Use this mirror from another machine",
            "fwupd, curl, passim, firewalls; a click marks a command",
            isOpen: usage.last == nil && health.verdict != .error
        ) { details in
            details.element(.div, HTMLAttribute(.class, "how")) { how in
                how.way(
                    "fwupd",
                    "Its machine needs passimd, this one or the older one. Then firmware metadata comes from here:"
                ) {
                    $0.command("fwupdmgr refresh --force")
                }
                how.way("passim", "Finds a machine that has the file, and checks what it sends:") {
                    $0.command("passim download NAME SHA256")
                }
                how.way("curl", "The digest finds the file and proves it; the certificate does neither:") {
                    $0.command(
                        "curl --insecure --remote-name 'https://\(networkName(hostName)):\(port)/NAME?sha256=SHA256'"
                    )
                }
                how.way(
                    "Can others find it?",
                    "On the other machine this must show \(advertising.name.isEmpty ? "Passim- and four digits" : advertising.name):"
                ) { $0.command("avahi-browse -rt _cache._tcp") }
                how.way("The firewall of this machine", "") { writeFirewalls(to: &$0) }
            }
        }
    }

    func writeNeighbours(to more: inout HTMLWriter) {
        guard let neighbours else { return }
        guard neighbours.hosts > 0 else { return }
        let machines = HumanText.count(neighbours.hosts, "other machine")
        more.details(
            "peers", "\(machines) on this network \(neighbours.hosts == 1 ? "shares" : "share") files",
            neighbours.isComplete ? "seen in the last two minutes" : "more may answer: load the page again"
        ) { details in
            details.table(
                "stack", caption: "Machines of the network that share",
                columns: [("Service", false), ("Host", false), ("Address", false)]
            ) { body in
                for neighbour in neighbours.found {
                    body.element(.tr) { row in
                        row.headCell { $0.name(neighbour.name) }
                        row.cell("host") { $0.name(neighbour.host.isEmpty ? HumanText.none : neighbour.host) }
                        row.cell("at") { $0.text(neighbour.peer.text) }
                    }
                }
            }
        }
    }
}

/// The host's name as others can resolve it: a name without a domain is one of mDNS.
func networkName(_ hostName: String) -> String {
    hostName.contains(".") || hostName.contains(":") ? hostName : "\(hostName).local"
}

extension Peer {
    fileprivate var text: String { address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)" }
}

extension HTMLWriter {
    mutating func details(
        _ id: String, _ heading: String, _ note: String, isOpen: Bool = false,
        content: (inout HTMLWriter) -> Void
    ) {
        func write(_ details: inout HTMLWriter) {
            details.element(.summary) { summary in
                summary.element(.h2, text: heading)
                summary.element(.small, text: note)
            }
            content(&details)
        }
        if isOpen {
            element(.details, HTMLAttribute(.id, id), HTMLAttribute(.open, "")) { write(&$0) }
        } else {
            element(.details, HTMLAttribute(.id, id)) { write(&$0) }
        }
    }

    fileprivate mutating func way(
        _ heading: String, _ words: String, command: (inout HTMLWriter) -> Void
    ) {
        element(.div) { way in
            way.element(.h3, text: heading)
            if !words.isEmpty { way.element(.p, text: words) }
            command(&way)
        }
    }
}
