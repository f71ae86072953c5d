// The sources of the one list of troubles, and what is told of this machine besides.

internal import PassimConfig
internal import PassimCore
internal import PassimCrypto
internal import PassimDiscovery
internal import PassimIndex
internal import PassimLookup
internal import PassimMirror
internal import PassimServer
internal import PassimSystem

extension Daemon {
    /// How this machine is now. Does not block.
    var health: Health {
        survey.noteReader()
        let advertising = neighbourhood.withLock { $0 }?.advertising
        return Health(
            status: status, troubles: troubles.current, directories: directories, files: UInt64(index.count),
            wanted: UInt64(clamping: advertising?.wanted ?? 0),
            found: UInt64(clamping: advertising?.registered ?? 0))
    }

    /// States of all drop-ins, with room and age of each.
    var directories: [DirectoryStatus] {
        mirror.statuses.map { status in
            var status = status
            let space = disks.space(at: status.path)
            status.freeBytes = space?.freeBytes
            status.diskBytes = space?.bytes
            if let freshness = status.origin.flatMap({ self.freshness.freshness(of: $0) }) {
                status.newest = freshness.newest
                status.newestName = freshness.newestName
                status.lastSync = freshness.sync?.lastWhole.map { Timestamp(seconds: $0, nanoseconds: 0) }
                // As long as nothing is stale that is no trouble.
                if let failure = freshness.sync?.failure(at: wallClock().seconds) {
                    status.notes.append(failure)
                }
            }
            return status
        }
    }

    /// May wait for a disk.
    func lookAtDisks() {
        let statuses = mirror.statuses
        // One that is known to hang, or not to be there, is not touched.
        let there = statuses.filter { !$0.path.isEmpty && $0.state.isThere }
        disks.look(at: Array(Set([paths.stateDirectory] + there.map(\.path))))
        freshness.look(at: statuses)
        if let addresses = noteOwnAddresses() {
            let absent = absentPlaces(of: settings.withLock { $0 }, among: addresses)
            absentAddresses.withLock { $0 = absent }
        }
        // Since when each is there is known from when it was seen first.
        _ = troubles.current
    }

    /// Notes this machine's addresses: what is fetched at one of them by itself is no use by others.
    ///
    /// - Returns: nil if the kernel does not say.
    @discardableResult func noteOwnAddresses() -> [IPAddress]? {
        guard let interfaces = try? NetworkInterface.all() else { return nil }
        let addresses = interfaces.flatMap { $0.addresses.map(\.address) }
        recentDownloads.setOwn(addresses)
        return addresses
    }

    /// Addresses of `Listen=` that no interface has: they are listened at nevertheless, for when they come (ip(7)).
    private func absentPlaces(
        of configuration: DaemonConfiguration, among addresses: [IPAddress]
    ) -> [String] {
        guard !configuration.listen.isEmpty else { return [] }
        return ServerSettings.places(configuration).compactMap { place in
            guard case .address(let wanted) = place, !wanted.isLoopback else { return nil }
            let isThere = addresses.contains { $0.high == wanted.high && $0.low == wanted.low }
            return isThere ? nil : "\(wanted)"
        }
    }

    /// Once, before anybody asks.
    func beginToAsk() {
        troubles.ask { [unowned self] in mirror.troubles.map { .init(trouble: $0) } }
        troubles.ask { [unowned self] in disks.troubles.map { .init(trouble: $0) } }
        troubles.ask { [unowned self] in staleDirectories }
        troubles.ask { [unowned self] in listeningTroubles }
        troubles.ask { [unowned self] in neighbourhood.withLock { $0 }?.troubles ?? [] }
        troubles.ask { [unowned self] in certificateTroubles }
        troubles.ask { [unowned self] in stateTroubles }
    }

    private var staleDirectories: [Troubles.Finding] {
        let now = wallClock().seconds
        return sharedDropIns.withLock { $0 }.compactMap { origin, dropIn in
            guard let found = freshness.freshness(of: origin) else { return nil }
            return dropIn.emptiness(found) ?? dropIn.staleness(found, at: now).map { .init(trouble: $0) }
        }
    }

    private var listeningTroubles: [Troubles.Finding] {
        guard let server = server.withLock({ $0 }) else { return [] }
        let missing = server.missingPlaces + absentAddresses.withLock { $0 }
        let wanted = ServerSettings.places(settings.withLock { $0 }).count
        return missing.map { place in
            .init(
                trouble: Trouble(
                    missing.count >= wanted ? .error : .warning, .listening, subject: place,
                    "nothing listens at \(place)",
                    why: "Listen= names it, and this machine does not have it now",
                    command: "ip address show"))
        }
    }

    private var certificateTroubles: [Troubles.Finding] {
        guard let identity = identity.withLock({ $0 }), let end = identity.end else { return [] }
        let left = end - wallClock().seconds
        let path = certificatePath
        let date = "it ends in \(left / 86400) d"
        if identity.isMade {
            // It is made anew within an hour.
            let finding = Trouble(
                .warning, .certificate, subject: path,
                "the certificate \(path) has ended and was not made anew",
                command: "systemctl restart passim")
            return left < 0 ? [.init(trouble: finding, patience: 7200)] : []
        }
        guard left < 14 * 86400 else { return [] }
        let trouble =
            left < 0
            ? Trouble(
                .error, .certificate, subject: path, "the certificate \(path) has ended",
                why: "clients that check certificates refuse it",
                command: "renew it, then: systemctl reload passim")
            : Trouble(
                .warning, .certificate, subject: path, "the certificate \(path) ends soon", why: date,
                command: "renew it, then: systemctl reload passim")
        return [.init(trouble: trouble)]
    }

    private var stateTroubles: [Troubles.Finding] {
        var found: [Trouble] = []
        if let problem = auditLog.problem {
            found.append(
                Trouble(
                    .warning, .state, subject: paths.auditLog, "the audit log is not written",
                    why: "\(paths.auditLog) \(problem)",
                    command: ShellWord.command("ls -ld", paths.logDirectory)))
        }
        if let problem = totals.problem {
            found.append(
                Trouble(
                    .warning, .state, subject: paths.totals, "the total of bytes sent is not saved",
                    why: "\(paths.totals): \(problem)",
                    command: ShellWord.command("ls -ld", paths.stateDirectory)))
        }
        return found.map { .init(trouble: $0) }
    }

    /// Notes what is wrong with the configuration read last.
    func noteTroubles(of configuration: Configuration) {
        var found = configuration.failures.map { failure in
            Trouble(
                .error, .dropIn, subject: failure.file,
                "\(failure.file) cannot be used, and nothing of it is shared",
                why: failure.complaint.advice, command: "passimd --check-config")
        }
        for complaint in configuration.complaints {
            let place = [complaint.group.map { "[\($0)]" }, complaint.key].compactMap { $0 }.joined(
                separator: " ")
            found.append(
                Trouble(
                    complaint.severity == .error ? .error : .warning, .configuration,
                    subject: place.isEmpty ? complaint.file : "\(complaint.file) \(place)",
                    "\(complaint.file) needs attention", why: complaint.advice,
                    command: "passimd --check-config"))
        }
        troubles.replace(.configuration, with: found)
    }
}

extension DirectoryStatus.State {
    /// True if the directory was there when it was looked at last.
    fileprivate var isThere: Bool {
        switch self {
        case .scanning, .watching, .polling: true
        case .missing, .failed: false
        }
    }
}

extension Neighbourhood {
    fileprivate var troubles: [Troubles.Finding] {
        var found = isMulticast ? advertising.troubles : []
        found += (mirrors?.statuses ?? []).compactMap(\.trouble)
        if lookup == nil {
            found.append(
                .init(
                    trouble: Trouble(
                        .warning, .discovery, subject: "peers",
                        "other machines cannot be asked for files that this one does not have",
                        command: "journalctl -u passim -g 'no peers' -n 5")))
        }
        return found
    }
}

extension MirrorStatus {
    /// A mirror that was away for a moment is none.
    fileprivate var trouble: Troubles.Finding? {
        func finding(
            _ severity: Trouble.Severity, _ what: String, _ why: String, _ command: String,
            patience: Int64 = 0
        ) -> Troubles.Finding {
            let trouble = Trouble(
                severity, .discovery, subject: name, what, why: why, command: command)
            return .init(trouble: trouble, patience: patience)
        }
        let useless = "the mirror \(name) of Mirror= is not used"
        switch problem {
        case nil: return nil
        case .wrongKey:
            return finding(
                .error, useless, "it shows another key than its pin says",
                "ask whoever runs it; if its key was changed, mend Mirror= in /etc/passim.conf, then: "
                    + "systemctl reload passim")
        case .refusing:
            return finding(
                .warning, useless, "it refuses HEAD, as older daemons do",
                ShellWord.command(
                    "curl -kI", "https://\(name)/file?sha256=" + String(repeating: "0", count: 64)))
        case .unknown(let reason):
            let isDomain = name.hasPrefix("srv:")
            return finding(
                .warning, useless, isDomain ? reason : "its name leads nowhere: \(reason)",
                isDomain
                    ? ShellWord.command("resolvectl service", "_passim._tcp." + name.dropFirst(4))
                    : ShellWord.command("getent ahosts", String(name.prefix { $0 != ":" })),
                patience: MirrorStatus.patience)
        case .unreachable(let reason):
            return finding(
                .warning, useless, reason, ShellWord.command("curl -kI", "https://\(name)/"),
                patience: MirrorStatus.patience)
        case .late:
            return finding(
                .warning, useless, "it takes longer than 0.3 s to answer",
                ShellWord.command("curl -kI", "https://\(name)/"), patience: MirrorStatus.patience)
        }
    }

    /// Seconds.
    private static let patience: Int64 = 60
}

extension AdvertiserStatus {
    fileprivate var troubles: [Troubles.Finding] {
        let nobody = "other machines cannot find this one"
        func finding(
            _ severity: Trouble.Severity, _ subject: String, _ what: String, _ why: String, _ command: String,
            patience: Int64 = 0
        ) -> [Troubles.Finding] {
            let trouble = Trouble(severity, .discovery, subject: subject, what, why: why, command: command)
            return [.init(trouble: trouble, patience: patience)]
        }
        switch state {
        case .stopped:
            return finding(
                .error, "", nobody, "nothing is advertised",
                "journalctl -u passim -g 'nothing is advertised' -n 5")
        case .paused:
            return finding(
                .warning, "metered", nobody, "the connection is metered, and nothing is advertised",
                "nmcli connection modify NAME connection.metered no")
        // Not tried yet.
        case .waiting(""): return []
        case .waiting(let why): return finding(.error, "", nobody, why, "systemctl enable --now avahi-daemon")
        case .hindered(let why):
            return finding(
                .error, "", nobody, why,
                why.contains("avahi-daemon.conf")
                    ? "edit /etc/avahi/avahi-daemon.conf, then: systemctl restart avahi-daemon" : "")
        case .registering, .advertising: break
        }
        let missing = "other machines cannot find \(wanted - registered) of \(wanted) digests"
        if leftOut > 0 {
            let more = remedies.isEmpty ? "" : ": more of \(remedies.joined(separator: ", ")) is needed"
            return finding(
                .warning, "records", missing, "there is no room for their records\(more)",
                "set Responder=auto in /etc/passim.conf, then: systemctl reload passim")
        }
        guard registered < wanted else { return [] }
        return finding(
            .warning, "records", missing, "avahi-daemon has not taken their records",
            "systemctl status avahi-daemon", patience: 120)
    }
}
