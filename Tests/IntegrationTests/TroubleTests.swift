import Glibc
import PassimCore
import PassimTestKit
import Testing

/// Each trouble is made, and seen on the command, the page, the metrics and `/readyz`; and gone when it is mended.
@Suite(.timeLimit(.minutes(5)))
struct TroubleTests {
    /// A daemon on a bus of its own.
    private struct Place {
        let site: DaemonSite
        let bus: SystemBus
        let daemon: DaemonProcess

        /// - Parameter site: its environment names the bus.
        init(_ bus: SystemBus, _ site: DaemonSite, after script: String? = nil) throws {
            self.bus = bus
            self.site = site
            daemon = try site.start(after: script)
            try daemon.firstPass()
        }

        func passim(_ arguments: String...) throws -> Command.Outcome {
            try Command.run([try Products.path(of: "passim")] + arguments, bus.setting())
        }

        /// Waits until the command tells of it, and then expects it everywhere.
        func expect(
            _ severity: String, _ kind: String, _ words: String, command: String? = nil,
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let end = ContinuousClock.now + .seconds(60)
            var outcome = try passim("status", "--all")
            while !outcome.text.contains(words), ContinuousClock.now < end {
                usleep(50_000)
                outcome = try passim("status", "--all")
            }
            func check(_ isSo: Bool, _ text: String) {
                #expect(isSo, "\(words): \(text)", sourceLocation: sourceLocation)
            }
            check(outcome.text.contains(words), outcome.text + outcome.errorText)
            if let command { check(outcome.text.contains("\n         \(command)\n"), outcome.text) }
            // There is no Avahi: always an error.
            check(outcome.end == .exit(2), "\(outcome.end)")
            check(outcome.text.hasPrefix("ERROR: "), outcome.text)
            let short = try passim("status")
            check(short.text.split(separator: "\n", omittingEmptySubsequences: false).count <= 16, short.text)
            let page = try daemon.get("/").text
            // It begins with a capital there.
            check(HTML.text(page).lowercased().contains(HTML.escaped(words).lowercased()), page)
            let metrics = try daemon.get("/metrics").text
            check(metrics.contains("passim_trouble{severity=\"\(severity)\",kind=\"\(kind)\""), metrics)
            let ready = try daemon.get("/readyz")
            check(ready.status == 503 && ready.text.hasPrefix("error: "), ready.text)
            check(ready.text.contains("\n\(severity) \(kind): ") && ready.text.contains(words), ready.text)
            check(try daemon.get("/healthz?ready").status == 503, "healthz?ready")
            let alive = try daemon.get("/healthz")
            check(alive.status == 200 && alive.text.hasPrefix("ok\n"), alive.text)
        }

        func expectGone(_ words: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
            let end = ContinuousClock.now + .seconds(60)
            while try passim("status", "--all").text.contains(words), ContinuousClock.now < end {
                usleep(50_000)
            }
            let text = try passim("status", "--all").text
            #expect(!text.contains(words), "\(text)", sourceLocation: sourceLocation)
        }
    }

    private func place(
        user: UInt32? = nil, ownLimits: Bool = false, namespace: String? = nil, _ settings: String...,
        after script: String? = nil, prepare: (DaemonSite) throws -> Void = { _ in }
    ) throws -> Place {
        let bus = try SystemBus(.everything)
        let site = try DaemonSite(
            user: user, namespace: namespace, ownLimits: ownLimits, environment: bus.environment)
        try site.configure(settings)
        try site.put("file", "content")
        try site.share()
        try prepare(site)
        return try Place(bus, site, after: script)
    }

    // MARK: Discovery

    @Test func avahiThatIsAbsentIsAnError() throws {
        let place = try place()
        try place.expect(
            "error", "discovery", "other machines cannot find this one: avahi-daemon is not running",
            command: "systemctl enable --now avahi-daemon")
    }

    // MARK: The configuration

    @Test func dropInThatCannotBeUsedIsAnErrorUntilItIsMended() throws {
        let place = try place()
        let file = place.site.tree.absolute("etc/passim.d/bad.conf")
        try place.site.tree.write("etc/passim.d/bad.conf", "[passim]\n")
        try place.expect(
            "error", "drop_in", "\(file) cannot be used, and nothing of it is shared: [passim] Path: missing",
            command: "passimd --check-config")
        try place.site.tree.remove("etc/passim.d/bad.conf")
        try place.expectGone("bad.conf")
    }

    @Test(.enabled(if: isRoot, "needs root to start the daemon as another user"))
    func dropInThatCannotBeReadIsAnError() throws {
        let place = try place(user: DaemonSite.unprivileged) { site in
            try site.tree.write("etc/passim.d/closed.conf", "[passim]\nPath=/srv\n", mode: 0o600)
        }
        try place.expect(
            "error", "drop_in",
            "closed.conf cannot be used, and nothing of it is shared: cannot be read: Permission denied")
    }

    @Test func settingThatIsNotUnderstoodIsAWarning() throws {
        let place = try place("Portt=1")
        try place.expect(
            "warning", "configuration",
            "[daemon] Portt=1: unknown key, without effect; did you mean Port?",
            command: "passimd --check-config")
    }

    // MARK: Directories

    @Test func directoryThatIsMissingIsAnErrorUntilItComes() throws {
        let place = try place { try $0.share("gone", as: "gone") }
        let path = place.site.tree.absolute("gone")
        try place.expect(
            "error", "directory",
            "\(path) is missing: there is no such directory, or its disk is not mounted",
            command: "mount its disk, or: mkdir -p \(path)")
        try place.site.tree.makeDirectory("gone")
        try place.expectGone("is missing")
    }

    @Test func directoryThatMayNotBeSharedIsAnErrorWithItsReason() throws {
        let place = try place { try $0.share("etc/passim.d", as: "own") }
        try place.expect("error", "directory", "which is never shared")
    }

    @Test(.enabled(if: isRoot, "needs root to start the daemon as another user"))
    func filesThatCannotBeReadAreAWarningUntilTheyCan() throws {
        let place = try place(user: DaemonSite.unprivileged) { site in
            try site.tree.write("mirror/closed", "closed", mode: 0o600)
        }
        let path = place.site.tree.absolute("mirror")
        try place.expect(
            "warning", "unreadable",
            "1 file or directory in \(path) cannot be read by the user passim: closed: Permission denied",
            command: "chmod -R o+rX \(path)")
        try place.site.tree.changeMode("mirror/closed", 0o644)
        try place.expectGone("cannot be read")
    }

    @Test(.enabled(if: canLimit, "needs user namespaces"))
    func watchesThatRunOutAreAWarning() throws {
        let place = try place(
            ownLimits: true, after: "echo 20 >/proc/sys/user/max_inotify_watches"
        ) { site in
            for number in 0..<60 { try site.put("\(number)/file", "file \(number)") }
        }
        try place.expect(
            "warning", "watches", "directories cannot be watched: user.max_inotify_watches is 20;")
    }

    @Test(.enabled(if: canLimit, "needs user namespaces"))
    func watchingThatIsImpossibleIsAWarning() throws {
        let place = try place(ownLimits: true, after: "echo 0 >/proc/sys/user/max_inotify_instances")
        try place.expect("warning", "watches", "no directory can be watched: ")
    }

    // MARK: Age

    @Test func contentThatIsOldIsAnErrorWhereItShouldNotBe() throws {
        let place = try place()
        let path = place.site.tree.absolute("mirror")
        try place.site.share("mirror", as: "mirror", "StaleAfter=1h")
        try place.expect("error", "freshness", "\(path) is stale: its newest content, file, is ")
        #expect(
            try place.daemon.get("/metrics").text.contains(
                "passim_newest_content_timestamp_seconds{drop_in=\"mirror.conf\",path=\"\(path)\"} 1600000000\n"
            ))
        try place.site.tree.write("mirror/new", "new")
        try place.expectGone("stale")
    }

    @Test func syncThatIsOldOrWasNeverWholeIsAnError() throws {
        let place = try place()
        let path = place.site.tree.absolute("mirror")
        let state = "var/lib/passim-sync/mirror"
        try place.site.tree.write(state, "[sync]\nLastTry=1600000000\nError=no route to host\n")
        try place.expect(
            "error", "freshness", "\(path) was never synced whole: no route to host",
            command: "passim mirror sync mirror")
        try place.site.tree.write(state, "[sync]\nLastWhole=1600000000\nLastTry=1600000000\n")
        try place.expect("error", "freshness", "\(path) is stale: its last whole sync ended ")
        #expect(
            try place.daemon.get("/metrics").text.contains(
                "passim_last_sync_timestamp_seconds{drop_in=\"mirror.conf\",path=\"\(path)\"} 1600000000\n"))
        try place.site.tree.write(state, "[sync]\nLastWhole=\(time(nil))\n")
        try place.expectGone("stale")
    }

    /// A sync that cannot begin is seen everywhere, and as long as nothing is stale it is said and is no trouble.
    @Test func syncThatCannotBeginIsSeen() throws {
        let place = try place()
        let tree = place.site.tree
        let mirror = tree.absolute("mirror")
        let source = try SourceServer(archives: 1)
        try place.site.share("mirror", as: "mirror", "Source=\(source.url)")
        let setting = {
            var setting = place.bus.setting()
            setting.environment["SYSCONFDIR"] = tree.absolute("etc")
            setting.environment["LOCALSTATEDIR"] = tree.absolute("var")
            return setting
        }()
        func sync() throws -> Command.Outcome {
            try Command.run(
                [try Products.path(of: "passim"), "mirror", "sync", "mirror"], setting, seconds: 120)
        }
        try tree.makeDirectory("mirror/.passim-lock.part")
        #expect(try sync().end == .exit(1))
        try place.expect(
            "error", "freshness", "\(mirror) was never synced whole: \(mirror): cannot be locked: ",
            command: "passim mirror sync mirror")
        try tree.remove("mirror/.passim-lock.part")
        #expect(try sync().end == .exit(0))
        try place.expectGone("never synced")
        try source.control("missing=PULP_MANIFEST")
        #expect(try sync().end == .exit(1))
        let end = ContinuousClock.now + .seconds(60)
        var text = ""
        while !text.contains("was not whole: http"), ContinuousClock.now < end {
            usleep(50_000)
            text = try place.passim("status", "--all").text
        }
        #expect(text.contains(" min ago, was not whole: \(source.url)PULP_MANIFEST"), "\(text)")
        #expect(!text.contains("stale"), "\(text)")
    }

    // MARK: Disks

    @Test(.enabled(if: SmallDisk.isPossible, "needs root, to mount a small file system"))
    func diskThatIsNearlyFullIsAWarningAndOneThatIsFullAnError() throws {
        let disk = try SmallDisk(kibibytes: 4096)
        let place = try place { site in
            try site.tree.write("etc/passim.d/small.conf", "[passim]\nPath=\(disk.tree.path)\n")
        }
        try place.expect(
            "warning", "disk", "the file system of \(disk.tree.path) is nearly full: ",
            command: "df -h \(disk.tree.path)")
        #expect(
            try place.daemon.get("/metrics").text.contains(
                "passim_disk_free_bytes{path=\"\(disk.tree.path)\"}"))
        try disk.tree.write("much", [UInt8](repeating: 1, count: 3500 << 10))
        try place.expect("error", "disk", "the file system of \(disk.tree.path) is full")
    }

    // MARK: What the daemon keeps

    @Test func storeOfChecksumsThatCannotBeUsedIsAWarning() throws {
        let bus = try SystemBus(.everything)
        let site = try DaemonSite(
            environment: bus.environment.merging(["PASSIM_CHECKSUMS": "store"]) { $1 })
        // A directory in the place of the database.
        try site.tree.write("var/cache/passim/checksums.sqlite/in the way", "")
        try site.tree.write("var/cache/passim/checksums.sqlite.bad/in the way", "")
        try site.put("file", "content")
        try site.share()
        let place = try Place(bus, site)
        try place.expect("warning", "checksums", "the store of checksums cannot be used: ")
    }

    @Test func auditLogThatCannotBeWrittenIsAWarning() throws {
        let place = try place { site in try site.tree.makeDirectory("var/log/passim/audit.log") }
        _ = try place.daemon.fetch(Digest(of: "content"))
        try place.expect("warning", "state", "the audit log is not written: ")
    }

    /// A state directory without room: the disk is told of, and what cannot be saved there.
    @Test(.enabled(if: SmallDisk.isPossible, "needs root, to mount a small file system"))
    func stateThatIsFullIsAnErrorAndItsTotalIsNotSavedUntilThereIsRoom() throws {
        let disk = try SmallDisk(kibibytes: 4096)
        let bus = try SystemBus(.everything)
        let site = try DaemonSite(
            environment: bus.environment.merging(["LOCALSTATEDIR": disk.tree.path]) { $1 })
        try site.put("file", "content")
        try site.share()
        let place = try Place(bus, site)
        // As much as fits.
        try? disk.tree.write("ballast", [UInt8](repeating: 1, count: 8 << 20))
        #expect(try place.daemon.fetch(Digest(of: "content")).status == 200)
        let state = disk.tree.absolute("lib/passim")
        try place.expect(
            "warning", "state", "the total of bytes sent is not saved: \(state)/totals: ",
            command: "ls -ld \(state)")
        try place.expect(
            "error", "disk", "the file system of \(state) is full", command: "df -h \(state)")
        try disk.tree.remove("ballast")
        try place.expectGone("the total of bytes sent")
        try place.expectGone("is full")
    }

    // MARK: Certificates

    /// Puts a certificate of an administrator's in place.
    private func makeCertificate(in site: DaemonSite, days: Int) throws {
        try site.tree.makeDirectory("var/lib/passim")
        let directory = site.tree.absolute("var/lib/passim")
        try Command.succeed([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj",
            "/CN=host", "-days", "\(days)", "-keyout", "\(directory)/secret.key", "-out",
            "\(directory)/cert.pem",
        ])
    }

    @Test func certificateThatHasEndedIsAnErrorUntilItIsRenewed() throws {
        // openssl-req(1) makes none that has ended already.
        let script = """
            mkdir -p work var/lib/passim
            cd work
            openssl ecparam -name prime256v1 -genkey -noout -out secret.key
            openssl req -new -key secret.key -subj /CN=host -out request.pem
            : >index
            echo 01 >serial
            cat >ca.cnf <<END
            [ca]
            default_ca = own
            [own]
            database = index
            serial = serial
            new_certs_dir = .
            default_md = sha256
            policy = policy
            [policy]
            commonName = supplied
            END
            openssl ca -batch -config ca.cnf -selfsign -keyfile secret.key -in request.pem -notext \
                -startdate 20200101000000Z -enddate 20210101000000Z -out cert.pem
            chmod 600 secret.key
            cp -p secret.key cert.pem ../var/lib/passim
            """
        let place = try place { site in
            try Command.succeed(["sh", "-ec", "cd \"$0\"\n" + script, site.tree.path])
        }
        let path = place.site.tree.absolute("var/lib/passim/cert.pem")
        try place.expect(
            "error", "certificate",
            "the certificate \(path) has ended: clients that check certificates refuse it",
            command: "renew it, then: systemctl reload passim")
        #expect(
            try place.daemon.get("/metrics").text.contains(
                "\npassim_certificate_end_timestamp_seconds 1609459200\n"))
        try makeCertificate(in: place.site, days: 100)
        place.daemon.process.kill(SIGHUP)
        try place.expectGone("has ended")
    }

    @Test func certificateThatEndsSoonIsAWarningUntilItIsRenewed() throws {
        let place = try place { try makeCertificate(in: $0, days: 10) }
        try place.expect("warning", "certificate", "cert.pem ends soon: it ends in 9 d")
        #expect(try place.daemon.get("/metrics").text.contains("\npassim_certificate_end_timestamp_seconds "))
        try makeCertificate(in: place.site, days: 100)
        place.daemon.process.kill(SIGHUP)
        try place.expectGone("ends soon")
    }

    @Test func pairThatDoesNotMatchIsAnErrorAndTheOldOneGoesOn() throws {
        let place = try place { try makeCertificate(in: $0, days: 100) }
        let key = try place.site.tree.read("var/lib/passim/secret.key")
        try makeCertificate(in: place.site, days: 100)
        try place.site.tree.write("var/lib/passim/secret.key", key)
        place.daemon.process.kill(SIGHUP)
        try place.expect(
            "error", "certificate",
            "the new key and certificate cannot be used, and those of before stay in use: ")
        try makeCertificate(in: place.site, days: 100)
        place.daemon.process.kill(SIGHUP)
        try place.expectGone("stay in use")
    }

    // MARK: All is well, or so it seems

    @Test func nothingThatIsConfiguredIsEmptyBesidesTheTroubles() throws {
        let bus = try SystemBus(.everything)
        let site = try DaemonSite(environment: bus.environment)
        let place = try Place(bus, site)
        let text = "ERROR: other machines cannot find this one\n"
        let end = ContinuousClock.now + .seconds(60)
        var outcome = try place.passim("status")
        // A moment after the start nobody has been asked yet.
        while !outcome.text.hasPrefix(text), ContinuousClock.now < end {
            outcome = try place.passim("status")
        }
        #expect(outcome.text.hasPrefix(text), "\(outcome.text)")
    }
}
