import PassimCore
import PassimTestKit
import Testing

/// The command as it is run, where no daemon is needed or none is there.
@Suite struct ProgramTests {
    private let tree: TemporaryTree

    init() throws {
        tree = try TemporaryTree()
    }

    private func passim(_ arguments: String...) throws -> Command.Outcome {
        var setting = ChildProcess.Setting()
        setting.workingDirectory = tree.path
        setting.environment = [
            "SYSCONFDIR": tree.absolute("etc"),
            "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=\(tree.absolute("no-bus"))",
            "TMPDIR": nil,
        ]
        return try Command.run([try Products.path(of: "passim")] + arguments, setting)
    }

    private func put(_ path: String, _ text: String) throws {
        try tree.write(path, text)
        try tree.setModified(path, DaemonSite.longAgo)
    }

    // MARK: Usage

    @Test(arguments: [
        [], ["frobnicate"], ["--frobnicate"], ["status", "--frobnicate"], ["publish"], ["publish", "a", "x"],
        ["publish", "a", "-1"], ["publish", "a", "4294967296"],
        ["unpublish"],
        ["unpublish", "x"], ["download", "a"], ["download", "a/", wanted], ["download", "a/..", wanted],
        ["download", "..", wanted],
        ["download", "", wanted], ["download", "a", wanted + "0"], ["scan"], ["verify"],
        ["verify", "a", "--mirror", "b"], ["mirror"],
        ["mirror", "add", "a"], ["mirror", "add", "a/b", "."], ["mirror", "remove", ".a"],
        ["mirror", "sync"], ["mirror", "sync", "a", "--all"],
        ["mirror", "sync", "https://x/"], ["mirror", "sync", "a", "--jobs", "0"],
        ["mirror", "sync", "a", "--max-rate", "x"],
        ["mirror", "remote"],
        ["list", "--limit", "x"], ["--next-reboot", "status"], ["--generate-completion-script", "csh"],
    ])
    func wrongUsageExitsWithOne(arguments: [String]) throws {
        var setting = ChildProcess.Setting()
        setting.environment = ["DBUS_SYSTEM_BUS_ADDRESS": "unix:path=\(tree.absolute("no-bus"))"]
        let outcome = try Command.run([try Products.path(of: "passim")] + arguments, setting)
        #expect(outcome.end == .exit(1))
        #expect(outcome.text == "")
        #expect(outcome.errorText.contains("passim"))
    }

    private static let wanted = String(repeating: "a", count: 64)

    @Test(arguments: [
        ["status"], ["dump"], ["list"], ["list", "--json"], ["status", "--json"], ["publish", "file"],
        ["publish", "--next-reboot", "file"], ["--next-reboot", "publish", "file"], ["unpublish", wanted],
        ["download", "a", wanted], ["rescan"],
    ])
    func withoutABusItSaysWhatToStart(arguments: [String]) throws {
        try tree.write("file", "content")
        var setting = ChildProcess.Setting()
        setting.workingDirectory = tree.path
        setting.environment = ["DBUS_SYSTEM_BUS_ADDRESS": "unix:path=\(tree.absolute("no-bus"))"]
        let outcome = try Command.run([try Products.path(of: "passim")] + arguments, setting)
        #expect(outcome.end == .exit(1))
        #expect(outcome.text == "")
        #expect(
            outcome.errorText.hasPrefix(
                "passim: cannot reach passimd: there is no connection to the system bus"))
        #expect(outcome.errorText.hasSuffix("\n        systemctl start dbus\n"))
        #expect(try tree.list("") == [RawName("file")])
    }

    @Test(arguments: [["--version"], ["-V"], ["--version", "with", "--other", "words"]])
    func versionOfTheCommandIsPrintedWithoutADaemon(arguments: [String]) throws {
        var setting = ChildProcess.Setting()
        setting.environment = ["DBUS_SYSTEM_BUS_ADDRESS": "unix:path=\(tree.absolute("no-bus"))"]
        let outcome = try Command.run([try Products.path(of: "passim")] + arguments, setting)
        #expect(outcome.end == .exit(1))
        #expect(outcome.text == "client version: \(passimVersion)\n")
        #expect(outcome.errorText.hasPrefix("passim: cannot reach passimd"))
    }

    @Test(arguments: [
        ("statsu", "there is no command 'statsu': did you mean status?\n        passim status\n"),
        ("mirorr", "there is no command 'mirorr': did you mean mirror?\n        passim mirror\n"),
        ("frobnicate", "there is no command 'frobnicate'\n        passim --help\n"),
    ])
    func slipOfACommandIsAnsweredWithTheOneThatWasMeant(word: String, answer: String) throws {
        let outcome = try passim(word, "--json")
        #expect(outcome.end == .exit(1))
        #expect(outcome.errorText == "passim: " + answer)
    }

    @Test(arguments: [
        ("y", "'y' is not a SHA-256: y is no hexadecimal digit"),
        ("abc", "'abc' is not a SHA-256: it has 3 digits, and 64 are needed"),
        (wanted + "0", "it has 65 digits, and 64 are needed"),
    ])
    func digestWithASlipIsSaidToHaveOne(digest: String, words: String) throws {
        let outcome = try passim("download", "a", digest)
        #expect(outcome.end == .exit(1))
        #expect(outcome.errorText.contains(words), "\(outcome.errorText)")
    }

    @Test func helpIsOnStandardOutput() throws {
        for arguments in [["--help"], ["help", "scan"], ["mirror", "add", "--help"]] {
            let outcome = try Command.run([try Products.path(of: "passim")] + arguments)
            #expect(outcome.end == .exit(0))
            #expect(outcome.text.contains("USAGE: passim"))
            #expect(outcome.errorText == "")
        }
    }

    @Test func fullDeviceIsAFailure() throws {
        try tree.makeDirectory("etc/passim.d")
        let program = try Products.path(of: "passim")
        let outcome = try Command.run(["sh", "-c", "'\(program)' mirror list --json >/dev/full"])
        #expect(outcome.end == .exit(1))
        #expect(outcome.errorText.hasPrefix("passim: standard output: "))
    }

    // MARK: Completions

    @Test(arguments: ["bash", "zsh", "fish"])
    func shellTakesTheCompletions(shell: String) throws {
        let script = try passim("--generate-completion-script", shell)
        #expect(script.succeeded)
        #expect(script.text.contains("passim"))
        guard try Command.run(["sh", "-c", "command -v \(shell)"]).succeeded else { return }
        try tree.write("completions", script.output)
        let check = try Command.run([shell, "-n", tree.absolute("completions")])
        #expect(check.succeeded, "\(check.errorText)")
    }

    @Test func bashCompletesCommands() throws {
        try tree.write("completions", try passim("--generate-completion-script", "bash").output)
        let script = """
            . ./completions
            COMP_WORDS=(passim me mi); COMP_WORDS=(passim mi); COMP_CWORD=1; COMP_LINE='passim mi'; COMP_POINT=9
            function=$(complete -p passim | sed 's/.*-F \\([^ ]*\\).*/\\1/')
            $function passim mi passim 2>/dev/null
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        var setting = ChildProcess.Setting()
        setting.workingDirectory = tree.path
        let outcome = try Command.run(["bash", "-c", script], setting)
        #expect(outcome.text == "mirror\n", "\(outcome.errorText)")
    }

    // MARK: scan and verify

    @Test func treeIsStampedOnceAndVerified() throws {
        try put("tree/a", "a")
        try put("tree/sub/b", "bb")
        try put("tree/c.part", "temporary")
        try tree.symlink("tree/link", to: "a")
        try tree.fifo("tree/fifo")
        let first = try passim("scan", "tree")
        #expect(first.end == .exit(0))
        #expect(first.text == "Stamped 2 files (3 B); 0 had their stamp already.\n")
        #expect(first.errorText == "")
        for (path, text) in [("tree/a", "a"), ("tree/sub/b", "bb")] {
            #expect(try tree.attribute("user.checksum.sha256", of: path) == Digest(of: text).hex)
            let stamp = try tree.attribute("user.checksum.sha256.stamp", of: path)
            #expect(stamp?.hasPrefix("v2:\(text.utf8.count):1600000000.123000000:") == true)
        }
        #expect(try tree.attribute("user.checksum.sha256", of: "tree/c.part") == nil)
        #expect(try passim("scan", "tree/").text == "Stamped 0 files (0 B); 2 had their stamp already.\n")
        let verified = try passim("verify", "tree")
        #expect(verified.end == .exit(0))
        #expect(verified.text == "Verified 2 files: 0 with bit rot.\n")
    }

    @Test func bitRotIsToldFromChanges() throws {
        for name in ["rotten", "outdated", "sound"] { try put("tree/\(name)", name) }
        #expect(try passim("scan", "tree").succeeded)
        try put("tree/rotten", "rotteN")
        try tree.write("tree/outdated", "changed")
        try put("tree/new", "new")
        let outcome = try passim("verify", "tree")
        #expect(outcome.end == .exit(2))
        #expect(
            outcome.text.split(separator: "\n").sorted() == [
                "Verified 2 files: 1 with bit rot. Outdated: 1. Nothing recorded: 1.",
                """
                bit rot: tree/rotten: recorded \(Digest(of: "rotten").hex), reads \(Digest(of: "rotteN").hex)
                """,
                "outdated: tree/outdated",
            ])
        #expect(outcome.errorText == "")
        // What only changed is no failure.
        try tree.remove("tree/rotten")
        #expect(try passim("verify", "tree").end == .exit(0))
        // And scan makes it good.
        try tree.setModified("tree/outdated", DaemonSite.longAgo)
        #expect(try passim("scan", "tree").text == "Stamped 2 files (10 B); 1 had their stamp already.\n")
        #expect(try passim("verify", "tree").text == "Verified 3 files: 0 with bit rot.\n")
    }

    @Test func mirrorIsVerifiedAsItsDropInSharesIt() throws {
        for name in ["a.cab", "b.cab", "left out"] { try put("tree/\(name)", name) }
        #expect(try passim("scan", "tree").succeeded)
        try put("tree/a.cab", "A.cab")
        try put("tree/left out", "Left out")
        try tree.write("etc/passim.d/lvfs.conf", "[passim]\nPath=\(tree.absolute("tree"))\nInclude=*.cab\n")
        let outcome = try passim("verify", "--mirror", "lvfs", "--json")
        #expect(outcome.end == .exit(2), "\(outcome.errorText)")
        let program = """
            import json, sys
            found = json.loads(sys.argv[1])
            print(found["verified"], found["rotten"], [(entry["path"].split("/")[-1], entry["finding"]) for entry in found["findings"]])
            """
        #expect(
            try Command.succeed(["python3", "-c", program, outcome.text]).text
                == "2 1 [('a.cab', 'bit rot')]\n")
        let text = try passim("verify", "--mirror", "lvfs.conf")
        #expect(text.end == .exit(2))
        #expect(text.text.hasPrefix("bit rot: \(tree.absolute("tree/a.cab")): recorded "))
    }

    @Test func verificationOfNothingIsAFailureInJSONToo() throws {
        try put("tree/a", "a")
        let outcome = try passim("verify", "tree", "--json")
        #expect(outcome.end == .exit(1))
        #expect(outcome.text.contains("\"verified\":0"))
        #expect(outcome.errorText.contains("nothing was verified"))
        let unknown = try passim("verify", "--mirror", "none")
        #expect(unknown.end == .exit(1))
        #expect(unknown.errorText.hasPrefix("passim: there is no drop-in none.conf in "))
    }

    @Test func fileOfJustNowIsWaitedFor() throws {
        try tree.write("tree/a", "a")
        #expect(try passim("scan", "tree").text == "Stamped 1 file (1 B); 0 had their stamp already.\n")
    }

    @Test(.enabled(if: isRoot, "needs root"))
    func whatMayNotBeStampedIsNamed() throws {
        try put("tree/a", "a")
        try put("tree/\u{1B}b", "b")
        try tree.makeDirectory("tree/closed", mode: 0o700)
        let program = try Products.path(of: "passim")
        try Command.succeed(["install", "-m", "755", program, tree.absolute("passim")])
        var setting = ChildProcess.Setting()
        setting.user = DaemonSite.unprivileged
        setting.workingDirectory = tree.path
        let scan = try Command.run([tree.absolute("passim"), "scan", "tree"], setting)
        #expect(scan.end == .exit(1))
        #expect(scan.text == "Stamped 0 files (0 B); 0 had their stamp already. Not stamped: 3.\n")
        #expect(
            scan.errorText.split(separator: "\n").sorted() == [
                "passim: tree/\\x1bb: Permission denied", "passim: tree/a: Permission denied",
                "passim: tree/closed: Permission denied",
            ])
        let verify = try Command.run([tree.absolute("passim"), "verify", "tree"], setting)
        #expect(verify.end == .exit(1))
        #expect(
            verify.text.split(separator: "\n") == [
                "unreadable: tree/closed: Permission denied",
                "Verified 0 files: 0 with bit rot. Nothing recorded: 2. Unreadable: 1.",
            ])
    }

    static var isRoot: Bool { (try? Command.run(["id", "-u"]).text) == "0\n" }

    @Test func directoryThatIsNotThereIsNamed() throws {
        for command in ["scan", "verify"] {
            let outcome = try passim(command, "none")
            #expect(outcome.end == .exit(1))
            #expect(outcome.errorText == "passim: none: No such file or directory\n")
        }
    }

    @Test func pathOfAnyBytesIsTaken() throws {
        let name = RawName(bytes: [0x64, 0xFF])
        try tree.write(name.appending(RawName("a")), "a")
        let program = try Products.path(of: "passim")
        var setting = ChildProcess.Setting()
        setting.workingDirectory = tree.path
        let outcome = try Command.run(["sh", "-c", "'\(program)' verify \"$(printf 'd\\377')\""], setting)
        #expect(outcome.text == "Verified 0 files: 0 with bit rot. Nothing recorded: 1.\n")
        // Nobody is to take that for a mirror that is sound.
        #expect(outcome.end == .exit(1))
        #expect(outcome.errorText.contains("nothing was verified"))
    }

    @Test func stampIsThatOfTheDaemon() throws {
        try put("tree/a", "content")
        let site = try DaemonSite()
        try site.put("a", "content")
        try site.share()
        try site.start().firstPass()
        #expect(try passim("scan", "tree").succeeded)
        for name: StaticString in ["user.checksum.sha256", "user.checksum.sha256.stamp"] {
            // But for the inode.
            func parts(_ value: String?) -> [Substring?] {
                let parts = (value ?? "").split(separator: ":")
                return parts.count == 1 ? parts : [parts.first, parts.dropFirst().first, parts.last]
            }
            #expect(
                try parts(tree.attribute(name, of: "tree/a"))
                    == parts(site.tree.attribute(name, of: "mirror/a")))
        }
        #expect(
            try passim("verify", site.tree.absolute("mirror")).text == "Verified 1 file: 0 with bit rot.\n")
        #expect(
            try passim("scan", site.tree.absolute("mirror")).text
                == "Stamped 0 files (0 B); 1 had their stamp already.\n")
    }

    // MARK: mirror

    @Test func mirrorIsAddedWithNamesAndTheFirewallIsToldOf() throws {
        try tree.makeDirectory("shared")
        try tree.write("etc/passim.conf", "[daemon]\nHTTPPort=8080\n")
        let added = try passim("mirror", "add", "--names", "lvfs", "shared")
        #expect(added.end == .exit(0))
        let lines = added.text.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[1].contains("Plain HTTP is at port 8080"))
        #expect(lines[2] == "  firewall-cmd --permanent --add-port=8080/tcp && firewall-cmd --reload")
        #expect(
            try tree.read("etc/passim.d/lvfs.conf")
                == Array("[passim]\nPath=\(tree.absolute("shared"))\nNames=true\n".utf8))
    }

    @Test func mirrorIsAddedListedAndRemoved() throws {
        try tree.makeDirectory("shared")
        let added = try passim("mirror", "add", "lvfs", "shared")
        #expect(added.end == .exit(0))
        let file = tree.absolute("etc/passim.d/lvfs.conf")
        #expect(added.text == "Added: \(file) shares \(tree.absolute("shared"))\n")
        #expect(
            try tree.read("etc/passim.d/lvfs.conf")
                == Array("[passim]\nPath=\(tree.absolute("shared"))\n".utf8))
        let again = try passim("mirror", "add", "lvfs.conf", "none")
        #expect(again.end == .exit(1))
        #expect(again.errorText == "passim: \(file) exists: --force replaces it\n")
        let missing = try passim("mirror", "add", "--force", "lvfs", "none")
        #expect(missing.end == .exit(0))
        #expect(
            missing.errorText
                == "passim: \(tree.absolute("none")) is not there; it is shared when it appears\n")
        try tree.write("etc/passim.d/broken.conf", "Path=/\n")
        let list = try passim("mirror", "list")
        #expect(list.end == .exit(2))
        let lines = list.text.split(separator: "\n")
        #expect(lines[0].hasPrefix("NAME "))
        #expect(lines[1].hasPrefix("broken.conf  -"))
        #expect(lines[1].hasSuffix("error"))
        #expect(lines[2].hasPrefix("lvfs.conf    \(tree.absolute("none"))"))
        #expect(lines[2].hasSuffix("missing"))
        #expect(lines[3].hasPrefix("\(tree.absolute("etc/passim.d/broken.conf")): "))
        let json = try passim("mirror", "list", "--json")
        try tree.write("list.json", json.output)
        let program = """
            import json, sys
            for row in json.load(open(sys.argv[1])): print(row["name"], row["usable"], len(row["problems"]))
            """
        let read = try Command.succeed(["python3", "-c", program, tree.absolute("list.json")])
        #expect(read.text == "broken.conf False 1\nlvfs.conf False 1\n")
        #expect(try passim("mirror", "remove", "lvfs").text == "Removed: \(file)\n")
        #expect(
            try passim("mirror", "remove", "lvfs").errorText == "passim: \(file): No such file or directory\n"
        )
        #expect(try tree.list("etc/passim.d") == [RawName("broken.conf")])
    }

    @Test func fileIsNoDirectoryToShare() throws {
        try tree.write("file", "")
        let outcome = try passim("mirror", "add", "a", "file")
        #expect(outcome.end == .exit(1))
        #expect(outcome.errorText == "passim: \(tree.absolute("file")): Not a directory\n")
        #expect(!tree.exists("etc"))
    }
}
