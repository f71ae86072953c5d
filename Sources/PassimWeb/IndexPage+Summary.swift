// What is to be seen at one glance: the verdict, what is wrong and what to do about it, and four figures.

internal import PassimCore
internal import PassimHTTP

extension IndexPage {
    func writeSummary(to main: inout HTMLWriter) {
        main.element(.section, HTMLAttribute(.class, "hero"), HTMLAttribute(.ariaLabel, "Summary")) { hero in
            hero.newline()
            hero.verdict(Mark(health.verdict), { writeHeading(to: &$0) }, explanation) { below in
                guard health.isScanning else { return }
                let percent = "\(health.percent) %"
                below.element(
                    .progress, HTMLAttribute(.max, "100"), HTMLAttribute(.value, "\(health.percent)"),
                    HTMLAttribute(.ariaLabel, "hashed"), text: percent)
            }
            writeTroubles(to: &hero)
            if isEmpty { writeSteps(to: &hero) } else { hero.figures { writeFigures(to: &$0) } }
        }
    }

    /// The same in one line, above files that are searched.
    func writeStrip(to main: inout HTMLWriter) {
        main.element(.p, HTMLAttribute(.class, "strip")) { line in
            line.mark(Mark(health.verdict))
            line.element(.a, HTMLAttribute(.href, "/")) { writeHeading(to: &$0) }
        }
    }

    private func writeHeading(to heading: inout HTMLWriter) {
        switch health.verdict {
        case .ok:
            heading.text("All is well on ")
            heading.name(hostName)
        case .warning:
            heading.name(hostName)
            heading.text(" works, with \(troubleCount)")
        case .error:
            heading.name(hostName)
            heading.text(" needs attention")
        case .scanning:
            heading.text("First scan of ")
            heading.name(hostName)
            heading.text(": \(health.percent) % done")
        case .empty:
            heading.name(hostName)
            heading.text(" shares nothing yet")
        }
    }

    /// `2 errors and 1 warning`.
    var troubleCount: String {
        let errors = health.troubles.count { $0.severity == .error }
        let warnings = health.troubles.count - errors
        return [(errors, "error"), (warnings, "warning")].filter { $0.0 > 0 }
            .map { HumanText.count($0.0, $0.1) }.joined(separator: " and ")
    }

    private var explanation: String {
        let files = HumanText.count(health.files, "file")
        switch health.verdict {
        case .ok, .scanning: return "\(HumanText.sentence(health.headline))."
        case .empty:
            return
                "passimd runs, and waits for a directory. There are three steps to a mirror; this page shows each as "
                + "soon as it is done."
        case .warning: return "\(files) can be fetched."
        case .error:
            let advice = advertising.isFound ? "" : " by machines that know this one's address"
            return health.files == 0
                ? "\(troubleCount). No file can be fetched."
                : "\(troubleCount). \(files) can be fetched\(advice)."
        }
    }

    // MARK: - Troubles

    private func writeTroubles(to hero: inout HTMLWriter) {
        guard !health.troubles.isEmpty else { return }
        hero.element(.ul, HTMLAttribute(.class, "problems"), HTMLAttribute(.ariaLabel, "Troubles")) { list in
            list.newline()
            for trouble in health.troubles { list.trouble(trouble, now: now) }
        }
    }

    // MARK: - Figures

    private func writeFigures(to list: inout HTMLWriter) {
        list.figure(
            "Shared", HumanText.count(health.files), unit: health.files == 1 ? "file" : "files", sharedPlaces)
        list.figure("Found by others", foundShare, foundDetails)
        list.figure(
            "Saved", ByteCount(savings.bytes).description,
            savings.bytes > 0
                ? "of internet traffic, \(HumanText.decimal(savings.carbon)) kg CO₂e"
                : "no file has been sent yet")
        let sum = day.sum
        list.figure(
            "Clients", "\(usage.isExact ? "" : "> ")\(HumanText.count(usage.clients))", unit: "in \(daySpan)",
            usage.last == nil
                ? "no other machine has fetched anything yet"
                : "\(HumanText.count(sum.downloads, "download")), \(ByteCount(sum.bytes))")
    }

    private var sharedPlaces: String {
        var bytes = published.bytes
        for directory in directories { bytes.add(saturating: directory.bytes) }
        let size = ByteCount(bytes).description
        if directories.isEmpty { return "\(size), published by programs" }
        let there = directories.count { $0.isThere }
        let places =
            there < directories.count
            ? "\(HumanText.count(there)) of \(HumanText.count(directories.count, "directory", "directories"))"
            : HumanText.count(there, "directory", "directories")
        if health.isScanning, directories.contains(where: { $0.pendingBytes > 0 }) {
            var all = bytes
            for directory in directories { all.add(saturating: directory.pendingBytes) }
            return "\(size) of \(ByteCount(all)) hashed, in \(places)"
        }
        return "\(size) in \(places)"
    }

    private var foundShare: String {
        if health.wanted == 0 { return HumanText.none }
        return advertising.isFound ? HumanText.percent(health.found, of: health.wanted) : "0 %"
    }

    private var foundDetails: String {
        if health.wanted == 0 { return "no file is advertised" }
        guard advertising.isFound else { return "none of \(HumanText.count(health.wanted, "digest"))" }
        let digests =
            health.found < health.wanted
            ? "\(HumanText.count(health.found)) of \(HumanText.count(health.wanted, "digest"))"
            : HumanText.count(health.wanted, "digest")
        return advertising.name.isEmpty ? digests : "\(digests), as \(advertising.name)"
    }

    /// A day, or less since the start.
    var daySpan: String { uptime >= 86400 ? "24 h" : HumanText.span(seconds: uptime) }

    // MARK: - Nothing yet

    private func writeSteps(to hero: inout HTMLWriter) {
        hero.element(.div, HTMLAttribute(.class, "how steps")) { steps in
            steps.step("1. Share a directory") { step in
                step.element(.p, text: "With all that is below it. The user passim must be able to read it.")
                step.command("passim mirror add firmware /srv/mirror")
            }
            steps.step("2. Open the firewall") { writeFirewalls(to: &$0) }
            steps.step("3. Look from another machine") { step in
                step.element(
                    .p,
                    text: advertising.name.isEmpty
                        ? "This must show Passim- and four digits:" : "This must show \(advertising.name):")
                step.command("avahi-browse -rt _cache._tcp")
            }
        }
    }

    /// The commands that open the port, with the two programs that are there for it.
    func writeFirewalls(to step: inout HTMLWriter) {
        step.element(.p, text: "firewalld:")
        let opening = port == 27500 ? "--add-service=passim" : "--add-port=\(port)/tcp"
        step.command("firewall-cmd --permanent \(opening) --add-service=mdns && firewall-cmd --reload")
        step.element(.p, text: "or ufw:")
        step.command("ufw allow \(port)/tcp")
    }
}

extension DirectoryStatus {
    /// True if it was there when it was looked at last.
    var isThere: Bool {
        switch state {
        case .scanning, .watching, .polling: true
        case .missing, .failed: false
        }
    }
}

extension HTMLWriter {
    /// The heading of a page, with a picture before it and a sentence below.
    ///
    /// - Parameter style: the tint, if it is not the mark's.
    mutating func verdict(
        _ mark: Mark, style: String? = nil, _ heading: (inout HTMLWriter) -> Void, _ explanation: String,
        below: (inout HTMLWriter) -> Void = { _ in }
    ) {
        element(.div, HTMLAttribute(.class, "verdict \(style ?? mark.rawValue)")) { verdict in
            verdict.picture(mark, style: "big")
            verdict.element(.div) { text in
                text.element(.h1) { heading(&$0) }
                text.element(.p, text: explanation)
                below(&text)
            }
        }
    }

    fileprivate mutating func trouble(_ trouble: Trouble, now: Int64) {
        element(.li) { item in
            item.mark(Mark(trouble.severity))
            item.element(.div) { block in
                block.element(.p) { words in
                    words.element(.strong, text: HumanText.sentence(trouble.what))
                    if !trouble.why.isEmpty {
                        words.text(": ")
                        words.element(.span, text: trouble.why)
                    }
                    // A moment is no news.
                    guard let since = trouble.since, since <= now - 60 else { return }
                    words.text(" ")
                    words.element(.small) { small in
                        small.text("(noticed ")
                        small.age(since, now: now)
                        small.text(")")
                    }
                }
                if !trouble.command.isEmpty { block.command(trouble.command) }
            }
        }
    }

    fileprivate mutating func step(_ heading: String, content: (inout HTMLWriter) -> Void) {
        element(.div) { step in
            step.element(.h2, text: heading)
            content(&step)
        }
    }
}
