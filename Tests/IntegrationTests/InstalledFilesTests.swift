import PassimCore
import PassimTestKit
import Testing

/// What is in etc/, held against the programs that read it.
struct InstalledFilesTests {
    let tree: TemporaryTree

    init() throws {
        tree = try TemporaryTree()
    }

    private static func file(_ path: String) -> String { "\(Products.repository)/etc/\(path)" }

    private func text(_ path: String) throws -> String {
        try Command.succeed(["cat", InstalledFilesTests.file(path)]).text
    }

    /// Runs what must succeed, and returns what it says.
    @discardableResult
    private func run(_ arguments: String..., seconds: Double = 60) throws -> String {
        var setting = ChildProcess.Setting()
        setting.environment = ["LC_ALL": "C.UTF-8"]
        let outcome = try Command.succeed(arguments, setting, seconds: seconds)
        return outcome.text + outcome.errorText
    }

    // MARK: systemd

    /// The unit with the program that was built in it; where passimd is to be is nothing here.
    private func unit() throws -> String {
        let unit = try text("systemd/passim.service")
        #expect(unit.contains("ExecStart=/usr/libexec/passimd\n"))
        let here = unit.replacing("/usr/libexec/passimd", with: try Products.path(of: "passimd"))
        try tree.write("passim.service", here)
        return tree.absolute("passim.service")
    }

    @Test func systemdTakesTheUnit() throws {
        #expect(try run("systemd-analyze", "verify", "--man=no", unit()).isEmpty)
    }

    @Test func systemdTakesTheTimerOfTheVerification() throws {
        let unit = try text("systemd/passim-verify@.service")
        #expect(unit.contains("ExecStart=/usr/bin/passim verify --mirror %i\n"))
        let here = unit.replacing("/usr/bin/passim", with: try Products.path(of: "passim"))
        try tree.write("passim-verify@.service", here)
        try tree.write("passim-verify@.timer", try text("systemd/passim-verify@.timer"))
        for name in ["passim-verify@.service", "passim-verify@.timer"] {
            #expect(try run("systemd-analyze", "verify", "--man=no", tree.absolute(name)).isEmpty)
        }
    }

    /// While the unit is disabled it has no such name, and the bus cannot start it.
    @Test func busStartsTheUnitByAnAliasOfItsInstallation() throws {
        let alias = "dbus-org.freedesktop.Passim.service"
        let unit = try text("systemd/passim.service")
        let installation = try #require(unit.split(separator: "[Install]").last)
        #expect(installation.contains("\nAlias=\(alias)\n"))
        #expect(try text("dbus/org.freedesktop.Passim.service").contains("\nSystemdService=\(alias)\n"))
        try tree.makeDirectory("lib/systemd/system")
        try tree.write("lib/systemd/system/passim.service", unit)
        let link = "etc/systemd/system/\(alias)"
        try run("systemctl", "--root=\(tree.path)", "enable", "passim.service")
        #expect(try run("readlink", tree.absolute(link)).hasSuffix("/passim.service\n"))
        try run("systemctl", "--root=\(tree.path)", "disable", "passim.service")
        #expect(!tree.exists(link))
    }

    @Test func unitIsConfined() throws {
        // The threshold is ten times the level of exposure.
        try run("systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=15", unit())
    }

    /// An instance of the units that fill a mirror.
    private func syncUnits() throws -> [String] {
        let passim = try Products.path(of: "passim")
        let service = try text("systemd/passim-sync@.service")
        #expect(service.contains("\nExecStart=/usr/bin/passim mirror sync -- %i\n"))
        try tree.write("passim-sync@.service", service.replacing("/usr/bin/passim ", with: passim + " "))
        try tree.write("passim-sync@.timer", text("systemd/passim-sync@.timer"))
        return ["passim-sync@lvfs.service", "passim-sync@lvfs.timer"].map(tree.absolute)
    }

    @Test func systemdTakesTheUnitsThatFillMirrors() throws {
        let units = try syncUnits()
        let outcome = try run("systemd-analyze", "verify", "--man=no", units[0], units[1])
        #expect(outcome.isEmpty)
        try run("systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=20", units[0])
    }

    /// An administrator who follows the unit's first lines must find something.
    @Test func sampleThatTheUnitNamesIsWhereItIsInstalled() throws {
        let place = "/usr/share/doc/passim/examples/mirror.conf.sample"
        #expect(try text("systemd/passim.service").contains("\n# \(place) shows "))
        var setting = ChildProcess.Setting()
        setting.environment = ["DESTDIR": tree.path, "PREFIX": "/usr"]
        let program = try Products.path(of: "passimd")
        let binaries = String(program[..<(program.lastIndex(of: "/") ?? program.endIndex)])
        try Command.succeed(["\(Products.repository)/scripts/install", "--binaries", binaries], setting)
        #expect(
            try run("cat", tree.path + place) == text("systemd/passim.service.d/mirror.conf.sample"))
    }

    @Test func systemdTakesTheSampleWithAllOfItInForce() throws {
        let sample = try text("systemd/passim.service.d/mirror.conf.sample")
        let keys = [
            "RequiresMountsFor", "ReadWritePaths", "SupplementaryGroups", "ProtectHome", "PrivateTmp",
            "MemoryMax",
        ]
        var all = sample
        for key in keys {
            #expect(sample.contains("\n#\(key)="), "\(key)")
            all = all.replacing("\n#\(key)=", with: "\n\(key)=")
        }
        // There is no such group here.
        all = all.replacing("SupplementaryGroups=mirror", with: "SupplementaryGroups=daemon")
        let unit = try unit()
        try tree.makeDirectory("passim.service.d")
        try tree.write("passim.service.d/mirror.conf", all)
        #expect(try run("systemd-analyze", "verify", "--man=no", unit).isEmpty)
    }

    @Test(.enabled(if: isRoot, "needs root to make files of another user"))
    func userAndDirectoriesAreMade() throws {
        for (kind, name) in [("sysusers.d", "passim.conf"), ("tmpfiles.d", "passim.conf")] {
            try tree.write("usr/lib/\(kind)/\(name)", text("\(kind)/\(name)"))
        }
        try tree.makeDirectory("etc")
        try run("systemd-sysusers", "--root=\(tree.path)")
        let user = try Command.succeed(["grep", "^passim:", tree.absolute("etc/passwd")]).text
        #expect(user.hasSuffix(":Local caching server:/var/lib/passim:/usr/sbin/nologin\n"))
        try run("systemd-tmpfiles", "--create", "--root=\(tree.path)")
        let number = user.split(separator: ":")[2]
        let sync = try Command.succeed(["grep", "^passim-sync:", tree.absolute("etc/passwd")]).text
        #expect(
            try run("stat", "--format=%u %a", tree.absolute("var/lib/passim-sync"))
                == "\(sync.split(separator: ":")[2]) 755\n")
        for place in ["lib", "log", "cache"] {
            let path = tree.absolute("var/\(place)/passim")
            #expect(try run("stat", "--format=%u %a", path) == "\(number) 750\n")
        }
    }

    // MARK: Others

    @Test func firewalldTakesTheServiceAndOpensItsPort() throws {
        try tree.write("services/passim.xml", text("firewalld/passim.xml"))
        try run("cp", "/etc/firewalld/firewalld.conf", tree.path)
        func firewall(_ argument: String) throws -> String {
            try run("firewall-offline-cmd", "--system-config=\(tree.path)", argument)
        }
        _ = try firewall("--check-config")
        _ = try firewall("--add-service=passim")
        #expect(try firewall("--query-service=passim") == "yes\n")
        #expect(try firewall("--info-service=passim").contains("ports: 27500/tcp\n"))
    }

    @Test(.enabled(if: isRoot, "needs root, as ufw does"))
    func ufwTakesTheProfileAndOpensItsPort() throws {
        // A root of its own, with the rules that ufw comes with.
        try tree.makeDirectory("etc/ufw/applications.d")
        try tree.makeDirectory("etc/default")
        try tree.makeDirectory("lib")
        try tree.makeDirectory("usr/share")
        try run(
            "find", "/etc/ufw", "-maxdepth", "1", "-type", "f", "-exec", "cp", "-t",
            tree.absolute("etc/ufw"), "{}", "+")
        try run("cp", "/etc/default/ufw", tree.absolute("etc/default"))
        try run("cp", "-R", "/lib/ufw", tree.absolute("lib"))
        try run("cp", "-R", "/usr/share/ufw", tree.absolute("usr/share"))
        try tree.write("etc/ufw/applications.d/passim", text("ufw/applications.d/passim"))
        func ufw(_ arguments: String...) throws -> String {
            try Command.succeed(["ufw", "--rootdir=\(tree.path)", "--datadir=\(tree.path)"] + arguments).text
        }
        #expect(try ufw("app", "info", "Passim").contains("\nPort:\n  27500/tcp\n"))
        let rules = try ufw("--dry-run", "allow", "Passim")
        #expect(rules.contains("\n-A ufw-user-input -p tcp --dport 27500 -j ACCEPT "))
        #expect(rules.contains("\n-A ufw6-user-input -p tcp --dport 27500 -j ACCEPT "))
    }

    @Test func metainfoIsValid() throws {
        try run(
            "appstreamcli", "validate", "--no-net",
            InstalledFilesTests.file("metainfo/org.freedesktop.Passim.metainfo.xml"))
    }

    @Test func metainfoKnowsThisVersion() throws {
        let metainfo = try text("metainfo/org.freedesktop.Passim.metainfo.xml")
        #expect(metainfo.contains("<release version=\"\(passimVersion)\""))
    }

    @Test func profileIsOneOfAppArmorAndTheUnitsOwn() throws {
        let profile = try text("apparmor.d/usr.libexec.passimd")
        #expect(profile.contains("\nprofile passimd flags=(attach_disconnected, mediate_deleted) {\n"))
        #expect(try text("systemd/passim.service").contains("\nAppArmorProfile=-passimd\n"))
        // -QK: without the kernel's part in it, which is not everywhere.
        try run("apparmor_parser", "-QK", InstalledFilesTests.file("apparmor.d/usr.libexec.passimd"))
    }

    @Test(arguments: [
        ("8192", "1048576"), ("1048576", "1048576"), ("4194304", "4194304"), ("", ""), ("x", "x"),
    ])
    func limitOfWatchesIsRaisedAndNeverLowered(_ before: String, _ after: String) throws {
        try tree.write("limit", before.isEmpty ? "" : before + "\n")
        try run(InstalledFilesTests.file("libexec/passimd-raise-watches"), tree.absolute("limit"))
        #expect(
            try String(decoding: tree.read("limit"), as: UTF8.self) == (after.isEmpty ? "" : after + "\n"))
    }

    @Test func whereTheLimitCannotBeSetTheServiceStartsAllTheSame() throws {
        for path in ["nowhere/limit", "/proc/sys/kernel/ostype"] {
            let file = path.hasPrefix("/") ? path : tree.absolute(path)
            try run(InstalledFilesTests.file("libexec/passimd-raise-watches"), file)
        }
        let unit = try text("systemd/passim.service")
        #expect(unit.contains("\nExecStartPre=-+/usr/libexec/passimd-raise-watches\n"))
    }
}
