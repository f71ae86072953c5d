import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimConfig

@Suite struct ConfigurationTests {
    private let scratch = ScratchDirectory()

    private func read() -> Configuration {
        Configuration.read(systemConfigurationDirectory: scratch.path)
    }

    @Test func missingFilesAreDefaultsAndOneWarning() {
        let configuration = read()
        #expect(configuration.daemon == DaemonConfiguration())
        #expect(configuration.complaints.map(\.file) == [scratch.path + "/passim.d"])
        #expect(configuration.complaints.map(\.severity) == [.warning])
        #expect(configuration.dropIns == [])
    }

    @Test func emptyDropInDirectoryIsFine() throws {
        try scratch.makeDirectory("passim.d")
        #expect(read().allComplaints == [])
    }

    @Test func dropInsAreReadInOrderOfTheirNames() throws {
        try scratch.write("passim.conf", "[daemon]\nPort=1234\n")
        try scratch.write("passim.d/b.conf", "[passim]\nPath=/srv/b\n")
        try scratch.write("passim.d/a.conf", "[passim]\nPath=/srv/a\n")
        try scratch.write("passim.d/10-c.conf", "[passim]\nPath=/srv/a\n")
        let configuration = read()
        #expect(configuration.daemon.port == 1234)
        #expect(configuration.dropIns.map(\.name) == ["10-c.conf", "a.conf", "b.conf"])
        #expect(configuration.dropIns[2].path == "/srv/b")
        #expect(configuration.dropIns[2].file == scratch.path + "/passim.d/b.conf")
        #expect(configuration.allComplaints == [])
    }

    @Test func everyKeyOfADropInIsRead() throws {
        try scratch.write(
            "passim.d/a.conf",
            """
            [passim]
            Path=/srv/a b \u{20}
            Recursive=false
            Include=*.cab; *.xml
            Exclude=*.bak
            Advertise=0
            Cooldown=30
            RescanInterval=600
            MaxRate=7
            Source=https://cdn.fwupd.org/downloads
            SourceCA=/etc/ssl/own.pem
            KeepOld=3600
            """)
        let dropIn = try #require(read().dropIns.first)
        #expect(read().allComplaints == [])
        #expect(dropIn.path == "/srv/a b")
        #expect(!dropIn.recursive)
        #expect(dropIn.include.map(\.pattern) == ["*.cab", "*.xml"])
        #expect(dropIn.exclude == DropIn.temporaries + [try Glob("*.bak")])
        #expect(!dropIn.advertise)
        #expect(dropIn.cooldown == 30)
        #expect(dropIn.rescanInterval == 600)
        #expect(dropIn.maxRate == 7)
        #expect(dropIn.source?.text == "https://cdn.fwupd.org/downloads/")
        #expect(dropIn.sourceAuthorities == "/etc/ssl/own.pem")
        #expect(dropIn.keepOld == 3600)
    }

    @Test func sourceThatIsNoneIsToldOfAndTheDirectoryIsShared() throws {
        try scratch.write(
            "passim.d/a.conf", "[passim]\nPath=/srv/a\nSource=rsync://x/\nSourceCA=a\nKeepOld=2x\n")
        let dropIn = try #require(read().dropIns.first)
        #expect(dropIn.source == nil && dropIn.sourceAuthorities == nil)
        #expect(dropIn.keepOld == DropIn.usualKeepOld)
        #expect(read().complaints.map(\.key) == ["Source", "SourceCA", "KeepOld"])
    }

    @Test func unclearAdvertiseHides() throws {
        for (text, isClear) in [("False", true), ("no", true), ("nope", false), ("", false)] {
            try scratch.write("passim.d/a.conf", "[passim]\nPath=/srv/a\nAdvertise=\(text)\n")
            let dropIn = try #require(read().dropIns.first)
            #expect(!dropIn.advertise, "\(text)")
            #expect(read().allComplaints.isEmpty == isClear, "\(text)")
        }
    }

    @Test func absentKeysOfADropInAreDefaults() throws {
        try scratch.write("passim.d/a.conf", "[passim]\nPath=/srv/a\n")
        let dropIn = try #require(read().dropIns.first)
        #expect(dropIn == DropIn(name: "a.conf", file: scratch.path + "/passim.d/a.conf", path: "/srv/a"))
        #expect(dropIn.recursive)
        #expect(dropIn.advertise)
        #expect(dropIn.include == [])
        #expect(dropIn.exclude == DropIn.temporaries)
        #expect(dropIn.cooldown == 0 && dropIn.rescanInterval == nil && dropIn.maxRate == 0)
    }

    /// To Swift, the accent and the slash before it are one character.
    @Test func absolutePathIsTakenByItsFirstByte() throws {
        try scratch.write("passim.d/a.conf", "[passim]\nPath=/\u{301}a\n")
        #expect(read().dropIns.map(\.path) == ["/\u{301}a"])
        #expect(read().allComplaints == [])
    }

    @Test func emptyExcludeClearsTheDefault() throws {
        try scratch.write("passim.d/a.conf", "[passim]\nPath=/a\nExclude=\n")
        try scratch.write("passim.d/b.conf", "[passim]\nPath=/a\nExclude=;*.bak\n")
        let dropIns = read().dropIns
        #expect(dropIns[0].exclude == [])
        #expect(dropIns[1].exclude == [try Glob("*.bak")])
    }

    @Test(arguments: [
        ("", "there is no such group"), ("[other]\nPath=/x\n", "there is no such group"),
        ("[passim]\n", "missing"), ("[passim]\npath=/x\n", "path is not known"),
        ("[passim]\nPath=srv/x\n", "not an absolute path"), ("[passim]\nPath=\n", "not an absolute path"),
        ("[passim]\nPath=~/x\n", "not an absolute path"), ("not a keyfile\n", "not a key-value pair"),
        ("[passim]\nPath=/x\nInclude=[a\n", "[ without its ]"),
        ("[passim]\nPath=/x\nExclude=!a\n", "begin with !"),
        ("[passim]\nPath=/x\nExclude=a\\q\n", "a backslash is written"),
    ])
    func brokenDropInHarmsNoOther(content: String, message: String) throws {
        try scratch.write("passim.d/a.conf", "[passim]\nPath=/srv/a\n")
        try scratch.write("passim.d/m.conf", content)
        try scratch.write("passim.d/z.conf", "[passim]\nPath=/srv/z\n")
        let configuration = read()
        #expect(configuration.dropIns.map(\.name) == ["a.conf", "z.conf"])
        #expect(configuration.complaints == [])
        let failure = try #require(configuration.failures.first)
        #expect(configuration.failures.count == 1)
        #expect(failure.name == "m.conf")
        #expect(failure.file == scratch.path + "/passim.d/m.conf")
        #expect(failure.complaint.severity == .error)
        #expect(failure.complaint.file == failure.file)
        #expect(failure.complaint.message.contains(message), "\(failure.complaint)")
    }

    @Test func failureNamesThePathThatWasWritten() throws {
        try scratch.write("passim.d/a.conf", "[passim]\nPath=srv\n")
        #expect(read().failures.first?.path == "srv")
        #expect(read().allComplaints.count == 1)
    }

    @Test func pathThatIsNotUTF8IsAClearError() throws {
        try scratch.write("passim.d/a.conf", Array("[passim]\nPath=/srv/".utf8) + [0xFF, 0x0A])
        let failure = try #require(read().failures.first)
        #expect(failure.complaint.message.contains("UTF-8"))
        #expect(failure.complaint.key == "Path")
    }

    @Test func wrongOptionalValueIsAWarningOnly() throws {
        try scratch.write(
            "passim.d/a.conf", "[passim]\nPath=/x\nRecursive=maybe\nMaxRate=-1\nRescanInterval=1h\nExclud=x\n"
        )
        let configuration = read()
        #expect(configuration.failures == [])
        #expect(configuration.complaints.map(\.key) == ["Recursive", "RescanInterval", "MaxRate", "Exclud"])
        #expect(configuration.complaints.last?.message.contains("did you mean Exclude?") == true)
        #expect(configuration.dropIns.first?.recursive == true)
    }

    @Test func onlyVisibleConfFilesAreRead() throws {
        for name in [
            ".hidden.conf", "a.conf~", "a.conf.rpmsave", "a.conf.dpkg-old", "README", ".conf", "conf",
        ] {
            try scratch.write("passim.d/\(name)", "not a keyfile")
        }
        #expect(
            read()
                == {
                    var nothing = Configuration(); nothing.complaints = []; return nothing
                }())
    }

    @Test func symlinkToAFileIsReadAndADanglingOneIsAFailure() throws {
        let target = try scratch.write("elsewhere", "[passim]\nPath=/srv/a\n")
        try scratch.makeDirectory("passim.d")
        scratch.makeSymlink("passim.d/a.conf", to: target)
        scratch.makeSymlink("passim.d/b.conf", to: target + ".gone")
        let configuration = read()
        #expect(configuration.dropIns.map(\.path) == ["/srv/a"])
        #expect(configuration.failures.map(\.name) == ["b.conf"])
    }

    @Test(.timeLimit(.minutes(1)))
    func fifoDirectoryAndHugeFileAreFailures() throws {
        try scratch.makeDirectory("passim.d/directory.conf")
        scratch.makeFIFO("passim.d/fifo.conf")
        try scratch.write(
            "passim.d/huge.conf", Array(repeating: 0x0A, count: ConfigurationFile.longest + 1))
        try scratch.write(
            "passim.d/largest.conf",
            Array("[passim]\nPath=/x\n".utf8) + Array(repeating: 0x0A, count: ConfigurationFile.longest - 17))
        let configuration = read()
        #expect(configuration.failures.map(\.name) == ["directory.conf", "fifo.conf", "huge.conf"])
        #expect(
            configuration.failures.map(\.complaint.message) == [
                "is a directory, not a file", "is not a regular file", "is larger than 1048576 bytes",
            ])
        #expect(configuration.dropIns.map(\.name) == ["largest.conf"])
    }

    @Test(arguments: ["nonsense\n", "Port=1\n", "[daemon\n"])
    func passimConfThatCannotBeParsedIsOneWarning(content: String) throws {
        try scratch.makeDirectory("passim.d")
        try scratch.write("passim.conf", content)
        let configuration = read()
        #expect(configuration.daemon == DaemonConfiguration())
        #expect(configuration.complaints.map(\.severity) == [.warning])
        #expect(configuration.complaints.first?.file == scratch.path + "/passim.conf")
    }

    @Test(.timeLimit(.minutes(1)))
    func passimConfThatIsNoFileIsOneWarning() throws {
        try scratch.makeDirectory("passim.d")
        scratch.makeFIFO("passim.conf")
        #expect(read().complaints.map(\.message) == ["is not a regular file; the defaults are used"])
    }

    @Test func dropInDirectoryThatIsAFileIsOneWarning() throws {
        try scratch.write("passim.d", "")
        #expect(read().complaints.count == 1)
        #expect(read().complaints.first?.message.contains("cannot be read") == true)
    }

    @Test func unreadableFilesAreComplaints() throws {
        try scratch.write("passim.conf", "")
        try scratch.write("passim.d/a.conf", "")
        FaultPlan.$current.withValue(FaultPlan([.open: [.accessDenied], .openat: [.accessDenied]])) {
            let configuration = read()
            #expect(configuration.complaints.count == 1)
            #expect(configuration.complaints.first?.message.contains("Permission denied") == true)
            #expect(configuration.failures.first?.complaint.message.contains("Permission denied") == true)
        }
        FaultPlan.$current.withValue(FaultPlan([.read: [.inputOutput, .inputOutput]])) {
            let configuration = read()
            #expect(configuration.complaints.first?.message.contains("Input/output error") == true)
            #expect(configuration.failures.count == 1)
        }
    }

    @Test func fileThatVanishesMeanwhileIsForgotten() throws {
        try scratch.write("passim.d/a.conf", "[passim]\nPath=/x\n")
        FaultPlan.$current.withValue(FaultPlan([.openat: [.notFound]])) {
            #expect(read().failures == [])
            #expect(read().dropIns.count == 1)
        }
    }

    @Test func nameThatIsNotUTF8IsShownEscaped() throws {
        let directory = try Descriptor.open(scratch.makeDirectory("passim.d"), [.readOnly, .directory])
        let file = try directory.open(
            RawName(bytes: [0xFF] + Array(".conf".utf8)), [.writeOnly, .create], mode: 0o644)
        try file.writeAll(Array("[passim]\nPath=/x\n".utf8))
        #expect(read().dropIns.map(\.name) == ["\\xff.conf"])
    }

    @Test func hostileBytesNeverTrap() throws {
        var generator = SeededGenerator(seed: 7)
        let pieces = [
            "[passim]", "[daemon]", "Path=", "/srv", "Include=", "Exclude=", "*", "[", "]", ";", "\\", "\n",
            "\n",
            "=", "Port=", "9", "\0", "\u{FF}", "é", " ", "#",
        ]
        for _ in 0..<300 {
            let text = (0..<Int.random(in: 0...40, using: &generator))
                .map { _ in pieces.randomElement(using: &generator)! }.joined()
            let bytes = Array(text.utf8) + (Bool.random(using: &generator) ? [0xFE] : [])
            try scratch.write("passim.conf", bytes)
            try scratch.write("passim.d/a.conf", bytes)
            let configuration = read()
            #expect(configuration.dropIns.count + configuration.failures.count == 1)
            for complaint in configuration.allComplaints { #expect(!complaint.description.isEmpty) }
        }
    }

    // MARK: Very much of it

    @Test func oneFileHasTwentyComplaintsAndTheNumberOfTheOthers() throws {
        let keys = (0..<90_000).map { "k\($0)=" }.joined(separator: "\n")
        try scratch.write("passim.d/a.conf", "[passim]\nPath=/srv/a\nRecursive=x\n" + keys + "\n[other]\n")
        try scratch.write("passim.conf", "[daemon]\nListen=\(String(repeating: "/;", count: 1000))\n")
        let configuration = read()
        #expect(configuration.dropIns.map(\.path) == ["/srv/a"])
        let complaints = configuration.complaints.filter { $0.file.hasSuffix("a.conf") }
        #expect(complaints.count == 21)
        #expect(complaints.first?.key == "Recursive")
        #expect(complaints.last?.message == "and 89982 more complaints about this file")
        #expect(configuration.complaints.count == 42)
    }

    @Test(.timeLimit(.minutes(5)))
    func onlyNewComplaintsOfTenThousandAreNew() throws {
        for number in 0..<10_000 { try scratch.write("passim.d/\(number).conf", "[passim]\nPth=/srv/a\n") }
        let before = read()
        #expect(before.failures.count == 10_000)
        try scratch.write("passim.d/new.conf", "[passim]\nPath=relative\n")
        let after = read()
        #expect(after.complaints(since: before).map(\.value) == ["relative"])
        #expect(after.complaints(since: after).isEmpty)
    }

    @Test func dropInsThatAreBeingWrittenStayWhatTheyWereInTheirPlaces() throws {
        for name in ["a", "b", "c"] {
            try scratch.write("passim.d/\(name).conf", "[passim]\nPath=/srv/\(name)\nX=\n")
        }
        let before = read()
        for name in ["a", "b"] { try scratch.write("passim.d/\(name).conf", "[pass") }
        let after = Configuration.read(
            systemConfigurationDirectory: scratch.path, leaving: [RawName("b.conf"), RawName("new.conf")],
            asIn: before)
        #expect(after.dropIns.map(\.path) == ["/srv/b", "/srv/c"])
        #expect(after.failures.map(\.name) == ["a.conf"])
        #expect(after.complaints.count == 2)
    }

    @Test func largerFileThanOneMebibyteIsRefusedAndOneOfThatSizeIsNot() throws {
        let start = "[passim]\nPath=/srv/a\n#"
        let comment = String(repeating: "x", count: (1 << 20) - start.utf8.count)
        try scratch.write("passim.d/a.conf", start + comment)
        try scratch.write("passim.d/b.conf", start + comment + "x")
        #expect(read().dropIns.map(\.name) == ["a.conf"])
        #expect(read().failures.map(\.name) == ["b.conf"])
    }
}
