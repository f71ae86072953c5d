internal import PassimCore
internal import PassimHTTP

extension IndexPage {
    /// A line for each thing that may be wrong, also where it is not. The picture is that of the worst trouble of its kind:
    /// a line of its own says nothing better than the list of troubles does.
    func writeChecks(to row: inout HTMLWriter) {
        row.section("checks", "Checks") { section in
            section.element(.table, HTMLAttribute(.class, "checks")) { table in
                table.element(.caption, HTMLAttribute(.class, "unseen"), text: "Each check and its outcome")
                table.element(.tbody) { body in
                    body.newline()
                    if directories.isEmpty, health.troubles(of: [.dropIn]).isEmpty {
                        body.check("Directories", .wait) { $0.text("none is configured") }
                    }
                    writeReach(to: &body)
                    writeDiscovery(to: &body)
                    writeContent(to: &body)
                    writeDisk(to: &body)
                    writeCertificate(to: &body)
                    writeSettings(to: &body)
                }
            }
        }
    }

    private func writeReach(to body: inout HTMLWriter) {
        if let worst = health.troubles(of: [.listening]).first { return body.check("Reachable", worst) }
        guard let last = usage.last else {
            return body.check("Reachable", .wait) { line in
                line.text("no other machine has fetched anything yet; ")
                line.link(isEmpty ? "#checks" : "#use", "is the firewall open?")
            }
        }
        body.check("Reachable", .good) { line in
            if last.client.isEmpty { line.text("another machine") } else { line.name(last.client) }
            line.text(" fetched a file ")
            line.age(last.time, now: now)
        }
    }

    private func writeDiscovery(to body: inout HTMLWriter) {
        if let worst = health.troubles(of: [.discovery]).first { return body.check("Discovery", worst) }
        guard isMulticast else {
            return body.check("Discovery", .wait) {
                $0.text("not advertised, and nobody asked, by Multicast=false")
            }
        }
        body.check("Discovery", advertising.isFound ? .good : .wait) { line in
            line.text(advertising.state.isEmpty ? "nothing is advertised" : advertising.state)
            guard let neighbours else { return }
            line.text("; ")
            if neighbours.hosts == 0 {
                line.text(
                    neighbours.isComplete ? "no other machine shares" : "no other machine has answered yet")
            } else {
                line.link("#peers", HumanText.count(neighbours.hosts, "other machine"))
                line.text(neighbours.hosts == 1 ? " shares, too" : " share, too")
            }
        }
    }

    private func writeContent(to body: inout HTMLWriter) {
        let unread = health.troubles(of: [.unreadable, .directory, .dropIn])
        if let worst = unread.first {
            body.check("Readable", worst, besides: unread.count - 1)
        } else if !directories.isEmpty {
            body.check("Readable", .good) { $0.text(health.isScanning ? "every file so far" : "every file") }
        }
        let stale = health.troubles(of: [.freshness])
        if let worst = stale.first { return body.check("Content", worst, besides: stale.count - 1) }
        let aged = directories.filter { $0.newest != nil }
        let watched = aged.filter { watchedForAge.contains($0.dropIn) || $0.lastSync != nil }
        // An age that nobody has set a limit for is neither good nor bad.
        let isWatched = !watched.isEmpty
        let newest = (isWatched ? watched : aged).max { $0.newest! < $1.newest! }
        guard let newest, let time = newest.newest else { return }
        body.check("Content", isWatched ? .good : .wait) { line in
            line.name(RawName(newest.newestName).shortened)
            line.text(", ")
            line.age(time.seconds, now: now)
            if !isWatched { line.text("; no StaleAfter= says when it is too old") }
        }
    }

    private func writeDisk(to body: inout HTMLWriter) {
        let full = health.troubles(of: [.disk])
        if let worst = full.first { return body.check("Disk space", worst, besides: full.count - 1) }
        let fullest = disks.filter { $0.bytes > 0 }.min { one, other in
            Double(one.freeBytes) / Double(one.bytes) < Double(other.freeBytes) / Double(other.bytes)
        }
        guard let fullest else { return }
        body.check("Disk space", .good) { line in
            line.name(fullest.path)
            line.text(
                " has \(ByteCount(fullest.freeBytes)) free of \(ByteCount(fullest.bytes))"
            )
        }
    }

    private func writeCertificate(to body: inout HTMLWriter) {
        if let worst = health.troubles(of: [.certificate]).first { return body.check("Certificate", worst) }
        guard let certificate else { return }
        let month = HumanText.month(CivilTime(unixSeconds: certificate.end))
        body.check("Certificate", .good) { line in
            line.text(
                certificate.isMade
                    ? "made by passimd, until \(month)" : "of an authority or your own, until \(month)")
        }
    }

    private func writeSettings(to body: inout HTMLWriter) {
        let others = health.troubles(of: [.configuration, .watches, .checksums, .state, .other])
        if let worst = others.first { return body.check("Settings", worst, besides: others.count - 1) }
        body.check("Settings", .good) { $0.text("every key is understood") }
    }
}

extension Health {
    /// The worst first.
    fileprivate func troubles(of kinds: Set<Trouble.Kind>) -> [Trouble] {
        troubles.filter { kinds.contains($0.kind) }
    }
}

extension IndexPage.Neighbours {
    /// Machines: each has a line for each of its addresses.
    var hosts: Int { Set(found.map { [$0.name, $0.host] }).count }
}

extension HTMLWriter {
    fileprivate mutating func check(
        _ name: String, _ mark: Mark, outcome: (inout HTMLWriter) -> Void
    ) {
        element(.tr) { row in
            row.headCell { cell in
                cell.element(.span) { span in
                    span.mark(mark)
                    span.text(name)
                }
            }
            row.element(.td) { outcome(&$0) }
        }
    }

    fileprivate mutating func check(_ name: String, _ worst: Trouble, besides others: Int = 0) {
        check(name, Mark(worst.severity)) { line in
            line.text(worst.what)
            if others > 0 { line.text("; and \(HumanText.count(others)) more") }
        }
    }
}
