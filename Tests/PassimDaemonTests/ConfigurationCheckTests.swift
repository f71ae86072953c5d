import PassimConfig
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimDaemon

@Suite struct ConfigurationCheckTests {
    private let tree: TemporaryTree

    init() throws {
        tree = try TemporaryTree()
        try tree.makeDirectory("etc/passim.d")
        try tree.write("mirror/a", "12345")
        try tree.write("mirror/deep/b", "678")
    }

    private func check() -> ConfigurationCheck {
        ConfigurationCheck(paths: Paths(environment: ["SYSCONFDIR": tree.absolute("etc")]))
    }

    private func dropIn(_ name: String, _ text: String) throws {
        try tree.write("etc/passim.d/\(name)", text)
    }

    @Test func goodConfigurationSaysWhatWouldBeServed() throws {
        try tree.write("etc/passim.conf", "[daemon]\nPort=1234\nIPv6=true\n")
        try dropIn("a.conf", "[passim]\nPath=\(tree.absolute("mirror"))\n")
        let check = check()
        #expect(check.isClean)
        #expect(check.report.contains("passim.conf: port 1234, IPv4 and IPv6\n"))
        #expect(check.report.contains("a.conf: \(tree.absolute("mirror")): 2 files, 8 bytes\n"))
        #expect(!check.report.contains("error"))
    }

    @Test func mirrorsAreNamedAndWrongOnesComplainedOf() throws {
        try tree.write(
            "etc/passim.conf",
            "[daemon]\nMulticast=false\nMirror=box;srv:example.com;box2:99999;box3#sha256//x\n")
        let check = check()
        #expect(!check.isClean)
        #expect(check.report.contains("passim.conf: port 27500, IPv4 only, no mDNS\n"))
        #expect(
            check.report.contains("passim.conf: asked for what is not here: box:27500, srv:example.com\n"))
        #expect(
            check.report.contains(
                "Mirror=box2:99999: the port is not a number from 1 to 65535; passed over\n"))
        #expect(check.report.contains("Mirror=box3#sha256//x: the pin behind # is not sha256//"))
    }

    @Test func nothingConfiguredIsNoError() throws {
        let check = check()
        #expect(check.isClean)
        #expect(check.report.contains("no drop-ins"))
    }

    @Test func missingDirectoryIsAnErrorWithFileAndKey() throws {
        try dropIn("a.conf", "[passim]\nPath=\(tree.absolute("gone"))\n")
        let check = check()
        #expect(!check.isClean)
        #expect(check.report.contains("error: \(tree.absolute("etc/passim.d/a.conf")): [passim] Path="))
    }

    @Test(arguments: ["nonsense", "[passim]\n", "[passim]\nPath=relative\n", "[other]\nPath=/tmp\n"])
    func brokenDropInIsAnErrorAndTheOthersAreChecked(text: String) throws {
        try dropIn("bad.conf", text)
        try dropIn("good.conf", "[passim]\nPath=\(tree.absolute("mirror"))\n")
        let check = check()
        #expect(!check.isClean)
        #expect(check.report.contains("error: \(tree.absolute("etc/passim.d/bad.conf"))"))
        #expect(check.report.contains("good.conf: \(tree.absolute("mirror")): 2 files"))
    }

    @Test func badValueIsNamedWithFileAndKey() throws {
        try tree.write("etc/passim.conf", "[daemon]\nPort=99999\n")
        let check = check()
        #expect(!check.isClean)
        #expect(check.report.contains("warning: \(tree.absolute("etc/passim.conf")): [daemon] Port=99999"))
        #expect(check.report.contains("port 27500"))
    }

    @Test func eachLineEndsWithItself() throws {
        try dropIn("a\nb.conf", "[passim]\nPath=/no/such\n/place\n")
        let lines = check().report.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.last == "")
        for line in lines.dropLast() {
            #expect(
                line.hasPrefix("error: ") || line.hasPrefix("warning: ") || line.hasPrefix("/"), "\(line)")
        }
    }

    // MARK: Names

    @Test func fileThatAPageHidesIsNamed() throws {
        try tree.write("mirror/metrics", "1")
        try tree.write("mirror/items/x", "1")
        try tree.write("mirror/by-hash/SHA256/README", "1")
        try share("mirror", as: "a")
        #expect(check().isClean)
        try share("mirror", as: "a", "Names=true")
        let check = check()
        #expect(!check.isClean)
        #expect(check.report.contains("Names=true: 3 files cannot be had by name"))
        #expect(check.report.contains("Prefix=/NAME moves them"))
        try share("mirror", as: "a", "Names=true\nPrefix=/pub/")
        #expect(
            self.check().report.contains(
                "1 files cannot be had by name, as passimd has pages there, the first: /pub/by-hash/SHA256/README"
            ))
    }

    @Test func nameThatTwoClaimIsNamed() throws {
        try tree.write("other/deep/b", "other")
        try share("mirror", as: "a", "Names=true")
        try share("other", as: "b", "Names=true")
        let found = check()
        #expect(!found.isClean)
        #expect(
            found.report.contains(
                "b.conf: [passim] Names=true: 1 files have the same URL as files of "
                    + "\(tree.absolute("etc/passim.d/a.conf")), the first: /deep/b; those of "
                    + "\(tree.absolute("etc/passim.d/a.conf")) are served"))
        for settings in ["Names=true\nPrefix=/other", "Names=true\nExclude=b", ""] {
            try share("other", as: "b", settings)
            #expect(check().isClean, "\(settings)")
        }
        // Of the longer prefix.
        try share("other/deep", as: "b", "Names=true\nPrefix=/deep")
        #expect(check().report.contains("those of \(tree.absolute("etc/passim.d/b.conf")) are served"))
    }

    // MARK: Overlaps and patterns

    private func share(_ directory: String, as name: String, _ settings: String = "") throws {
        try dropIn("\(name).conf", "[passim]\nPath=\(tree.absolute(directory))\n\(settings)\n")
    }

    private func overlaps() -> [String] {
        check().report.split(separator: "\n").filter { $0.contains("too (Path=") }.map(String.init)
    }

    @Test func dropInsThatShareTheSameAreToldOnceEach() throws {
        try share("mirror", as: "a")
        try tree.symlink("link", to: "mirror")
        try share("link", as: "b")
        try share("mirror/deep", as: "c")
        let lines = overlaps()
        #expect(lines.count == 2)
        #expect(
            lines.first?.hasPrefix("warning: \(tree.absolute("etc/passim.d/b.conf")): [passim] Path=") == true
        )
        #expect(lines.first?.contains("a.conf too") == true)
        #expect(lines.last?.contains("/c.conf") == true)
    }

    @Test(arguments: ["Recursive=false", "Exclude=deep/", "Exclude=/deep", "Include=*.cab"])
    func dropInThatLeavesTheOtherOutDoesNotOverlap(settings: String) throws {
        try share("mirror", as: "a", settings)
        try share("mirror/deep", as: "b", "Include=b")
        try share("mirror-too", as: "c")
        try tree.makeDirectory("mirror-too")
        #expect(overlaps() == [])
    }

    @Test func patternThatNoFileMatchesIsNamed() throws {
        try share("mirror", as: "a", "Include=a, b;deep/;*.zst;a")
        let report = check().report
        #expect(
            report.contains(
                "warning: \(tree.absolute("etc/passim.d/a.conf")): [passim] Include=a, b: no file matches; patterns"
            ))
        #expect(report.contains("Include=*.zst: no file matches\n"))
        #expect(!report.contains("Include=deep/") && !report.contains("Include=a:"))
    }

    @Test func directoryOfTheDaemonIsNotCounted() throws {
        try tree.write("mirror/lib/passim/secret.key", "secret")
        try share("mirror", as: "a")
        try share("mirror/lib", as: "b", "Recursive=false")
        try share("mirror/lib/passim", as: "c")
        let check = ConfigurationCheck(
            paths: Paths(environment: [
                "SYSCONFDIR": tree.absolute("etc"), "LOCALSTATEDIR": tree.absolute("mirror"),
            ]))
        #expect(check.report.contains("a.conf: \(tree.absolute("mirror")): 2 files, 8 bytes\n"))
        #expect(
            check.report.contains("\(tree.absolute("mirror/lib/passim")) is passimd's own and left out\n"))
        #expect(
            check.report.contains("passim.d/c.conf: [passim] Path=\(tree.absolute("mirror/lib/passim")): "))
        #expect(check.report.contains("is passimd's own directory, which is never shared\n"))
        #expect(!check.isClean)
    }

    // MARK: As the daemon

    @Test func directoryThatTheUnitHidesIsAnError() throws {
        try share("mirror", as: "a")
        let paths = Paths(environment: ["SYSCONFDIR": tree.absolute("etc")])
        let check = ConfigurationCheck.run(
            paths, as: nil, UnitSandbox(hidesHomes: true, hidesTemporaries: true))
        let isTemporary = ["/tmp/", "/var/tmp/"].contains { tree.path.hasPrefix($0) }
        #expect(check.isClean == !isTemporary)
        #expect(
            check.report.contains("PrivateTmp=no below [Service] in: systemctl edit passim") == isTemporary)
        // Through a symlink as well.
        try tree.symlink("link", to: "/root")
        try share("link", as: "a")
        let linked = ConfigurationCheck.run(paths, as: nil, UnitSandbox(hidesHomes: true))
        #expect(!linked.isClean)
        #expect(linked.report.contains("it leads to /root, and passim.service hides /root"))
    }

    @Test(.enabled(if: isRoot, "needs root"))
    func userThatCannotBeTakenOnIsSaid() throws {
        try tree.write("mirror/closed", "x", mode: 0o600)
        try share("mirror", as: "a")
        let paths = Paths(environment: ["SYSCONFDIR": tree.absolute("etc")])
        // More groups than the kernel has room for.
        let user = ActingUser(user: 65534, group: 65534, groups: [UInt32](repeating: 1, count: 70_000))
        let report = ConfigurationCheck.run(paths, as: user, nil).report
        #expect(
            report.contains(
                "note: whether user 65534, which the daemon runs as, can read the files is not known: they are checked as root"
            ), "\(report)")
        #expect(report.contains("2 files") || report.contains("3 files"), "\(report)")
        let other = ConfigurationCheck.run(paths, as: ActingUser(user: 65534, group: 65534), nil).report
        #expect(!other.contains("is not known"), "\(other)")
    }

    @Test(.enabled(if: isRoot, "needs root"))
    func whatTheDaemonsUserCannotReadIsAnErrorForRootToo() throws {
        try tree.write("mirror/closed", "x", mode: 0o600)
        try share("mirror", as: "a")
        try dropIn("closed.conf", "[passim]\nPath=/srv\n")
        try tree.changeMode("etc/passim.d/closed.conf", 0o600)
        try tree.makeDirectory("private/deep")
        try tree.changeMode("private", 0o700)
        try share("private/deep", as: "deep")
        try tree.write("var/lib/passim/secret.key", "x", mode: 0o600)
        let paths = Paths(environment: [
            "SYSCONFDIR": tree.absolute("etc"), "LOCALSTATEDIR": tree.absolute("var"),
        ])
        let check = ConfigurationCheck.run(paths, as: ActingUser(user: 65534, group: 65534), nil)
        #expect(!check.isClean)
        let lines = check.report.split(separator: "\n")
        func has(_ words: String...) -> Bool {
            lines.contains { line in line.hasPrefix("error: ") && words.allSatisfy { line.contains($0) } }
        }
        #expect(
            has("1 files or directories cannot be read, the first: closed: Permission denied"),
            "\(check.report)")
        #expect(
            has("closed.conf: cannot be read: Permission denied; for the user passim: chmod 644"),
            "\(check.report)")
        #expect(has("Path=\(tree.absolute("private/deep"))", "chmod o+x"), "\(check.report)")
        #expect(has("secret.key: cannot be read by the daemon: Permission denied"), "\(check.report)")
        // As root all of that is readable.
        #expect(!ConfigurationCheck.run(paths, as: nil, nil).report.contains("Permission denied"))
    }
}
