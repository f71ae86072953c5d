import PassimCore
import PassimTestKit
import Testing

/// `passim mirror sync` against a source that does what sources do.
@Suite struct SyncTests {
    private let site: SyncSite

    init() throws {
        site = try SyncSite()
    }

    // MARK: Filling

    @Test func filledMirrorHoldsAllThatTheSourceSendsRightly() throws {
        let source = try SourceServer(["directories": ""])
        let outcome = try site.fill(source)
        #expect(outcome.end == .exit(2), "\(outcome.errorText)")
        let differences = try site.differences(from: source)
        #expect(differences.count == 1)
        let wrong = try #require(differences.first)
        #expect(wrong.hasSuffix("-m3.cab"))
        #expect(!site.tree.exists("mirror/\(wrong)"))
        #expect(outcome.errorText.contains("\(wrong): the source sends other content than its manifest says"))
        #expect(try site.parts() == [])
        // The archive that broke off was gone on with.
        let broken = try #require(try source.files().keys.first { $0.hasSuffix("-m5.cab") })
        #expect(try source.hits(broken) == 2)
        let digest = try site.tree.attribute("user.checksum.sha256", of: "mirror/\(broken)")
        #expect(digest == (try site.digest(broken).hex))
        let scan = try Command.run([try Products.path(of: "passim"), "verify", site.mirror], site.setting())
        #expect(scan.end == .exit(0), "\(scan.text)\(scan.errorText)")
    }

    @Test func whatIsThereIsNotFetchedAgain() throws {
        let source = try SourceServer()
        _ = try site.fill(source)
        let wrong = try #require(try site.differences(from: source).first)
        try source.control("drop=\(wrong)")
        // One that was copied here by something else, without attributes; and one of the same size and other content.
        let names = try site.names().filter { $0.hasSuffix(".cab") }.sorted()
        let copy = site.tree.absolute("copy")
        try Command.succeed(["cp", "mirror/\(names[0])", copy], site.setting())
        try Command.succeed(["mv", copy, "mirror/\(names[0])"], site.setting())
        let count = try site.tree.read("mirror/\(names[1])").count
        try site.tree.remove("mirror/\(names[1])")
        try site.tree.write("mirror/\(names[1])", [UInt8](repeating: 7, count: count))
        let outcome = try site.fill(source)
        #expect(outcome.end == .exit(0), "\(outcome.errorText)")
        #expect(try site.differences(from: source) == [])
        #expect(try source.hits(names[0]) == 1)
        #expect(try source.hits(names[1]) == 2)
        #expect(try site.tree.attribute("user.checksum.sha256", of: "mirror/\(names[0])") != nil)
        #expect(
            outcome.text.contains("whole: 42 files") && outcome.text.contains("fetched 1 "), "\(outcome.text)"
        )
    }

    @Test func filesAppearInTheOrderOfWhatNamesThem() throws {
        let source = try SourceServer(
            archives: 3, ["missing": "firmware.xml.gz|firmware-07346-stable.xml.gz"])
        let outcome = try site.fill(source)
        #expect(outcome.end == .exit(2))
        // The archives are there; what signs metadata that is not is held back.
        #expect(try site.names().filter { !$0.hasSuffix(".cab") } == [])
        #expect(
            outcome.errorText.contains(
                "firmware.xml.gz.jcat: held back: it names firmware-07346-stable.xml.gz"))
        try source.control("unset=missing")
        #expect(try site.fill(source).end == .exit(0))
        #expect(try site.differences(from: source) == [])
        // What had come of the signature was kept.
        #expect(try source.hits("firmware.xml.gz.jcat") == 1)
    }

    // MARK: A source that changes

    @Test func publicationInTheMidstIsFollowed() throws {
        let source = try SourceServer(archives: 3)
        #expect(try site.fill(source).end == .exit(0))
        try source.control("publish")
        try source.control("arm")
        let outcome = try site.fill(source)
        #expect(outcome.end == .exit(0), "\(outcome.errorText)")
        #expect(outcome.errorText.contains("the source has changed meanwhile"))
        #expect(try site.differences(from: source) == [])
        #expect(try site.names().contains("firmware-07348-stable.xml.gz"))
        // For clients that hold an older signature.
        #expect(try site.names().contains("firmware-07346-stable.xml.gz"))
    }

    /// Faults of a source after much was done leave an incomplete mirror, and are no failure of it all.
    @Test func sourceThatGoesAwayAfterTheFirstTurnLeavesItIncomplete() throws {
        let source = try SourceServer(archives: 1, ["always": "", "goes": "3"])
        let outcome = try site.fill(source)
        #expect(outcome.end == .exit(2), "\(outcome.text)\(outcome.errorText)")
        #expect(
            outcome.errorText.contains(
                "PULP_MANIFEST: the source has changed meanwhile, and it does not come again: "),
            "\(outcome.errorText)")
        #expect(outcome.text.contains("fetched 4 "), "\(outcome.text)")
        #expect(try site.names().contains("firmware.xml.gz.jcat"))
    }

    /// No more is read of it than tells that it is another one.
    @Test func secondLookAtAManifestWithoutEndHasAnEnd() throws {
        let source = try SourceServer(archives: 1, ["endless": "2"])
        let outcome = try site.fill(source)
        #expect(outcome.end == .exit(0), "\(outcome.text)\(outcome.errorText)")
        #expect(outcome.errorText.contains("the source has changed meanwhile"))
        #expect(try source.hits("PULP_MANIFEST") == 4)
        #expect(try site.differences(from: source) == [])
    }

    @Test func sourceThatChangesAllTheTimeIsLeftAtLast() throws {
        let source = try SourceServer(archives: 1, ["always": ""])
        let outcome = try site.fill(source)
        #expect(outcome.end == .exit(2))
        #expect(
            outcome.errorText.contains("PULP_MANIFEST: the source changed 5 times"),
            "\(outcome.errorText)")
    }

    @Test(arguments: [["alias": ""], ["alias": "", "unsigned": ""]])
    func metadataIsMadeThatOnlyTheSignatureNames(options: [String: String]) throws {
        let source = try SourceServer(archives: 1, options)
        let outcome = try site.fill(source, "--delete")
        #expect(outcome.end == .exit(0), "\(outcome.errorText)")
        #expect(outcome.text.contains("made 1"))
        let named = "firmware-07346-stable.xml.gz"
        #expect(try site.digest(named) == source.files()["firmware.xml.gz"])
        #expect(
            try site.tree.attribute("user.checksum.sha256", of: "mirror/\(named)") == site.digest(named).hex)
        // It is no extra, and is made again.
        #expect(try site.fill(source, "--delete").text.contains("fetched 0 "))
        try site.tree.remove("mirror/\(named)")
        #expect(try site.fill(source).text.contains("made 1"))
    }

    @Test func signatureOfOtherContentIsHeldBackAndTheOldOneStays() throws {
        let good = try SourceServer(archives: 1)
        #expect(try site.fill(good).end == .exit(0))
        let before = try site.digest("firmware.xml.gz.jcat")
        for options in [["liar": ""], ["liar": "", "alias": ""]] {
            let outcome = try site.fill(try SourceServer(archives: 1, options))
            #expect(outcome.end == .exit(2))
            #expect(
                outcome.errorText.contains("firmware.xml.gz.jcat: held back: it names"),
                "\(outcome.errorText)")
            #expect(try site.digest("firmware.xml.gz.jcat") == before)
        }
    }

    @Test func signatureThatCannotBeReadIsToldOf() throws {
        let source = try SourceServer(archives: 1, ["nonsense": ""])
        let outcome = try site.fill(source)
        #expect(outcome.end == .exit(2))
        #expect(outcome.errorText.contains("firmware.xml.gz.jcat: what it names cannot be read"))
        #expect(try site.differences(from: source) == [])
    }

    /// Each would be a copy of a file of any size.
    @Test func signatureCannotHaveFilesWithoutEndMade() throws {
        let source = try SourceServer(archives: 1, ["alias": "", "ids": "40"])
        for _ in 0..<2 {
            let outcome = try site.fill(source)
            #expect(outcome.end == .exit(2))
            #expect(
                outcome.errorText.contains(
                    "held back: it names copy-15, and 16 others that the manifest does not name: no more are made"
                ), "\(outcome.errorText)")
            #expect(try site.names().filter { $0.hasPrefix("copy-") }.count == 15)
            #expect(try !site.names().contains("firmware.xml.gz.jcat"))
        }
    }

    @Test(arguments: ["../x", "/x", "a/b", ".", "..", "x\u{1}"])
    func signatureCannotNameWhatIsElsewhere(name: String) throws {
        let source = try SourceServer(archives: 1, ["alias": "", "id": name])
        #expect(try site.fill(source).end == .exit(0))
        #expect(!site.tree.exists("x") && !site.tree.exists("mirror/a"))
        #expect(try site.differences(from: source) == [])
    }

    // MARK: What a source does wrong

    @Test func linesThatLeadElsewhereAreRefusedAndTheOthersAreNot() throws {
        let digest = String(repeating: "0", count: 64)
        let extra = ["../evil", "/etc/evil", "a/../../evil", ""].map { "\n\($0),\(digest),4" }.joined()
        let source = try SourceServer(archives: 3, ["extra": extra + "\nnonsense"])
        let outcome = try site.fill(source, "--delete")
        #expect(outcome.end == .exit(2))
        for reason in [
            "../evil,\(digest),4: line 7 of the manifest is refused: the path holds . or ..",
            "line 8 of the manifest is refused: the path is absolute", "line 9", "line 10",
            "line 11 of the manifest is refused: not a path",
        ] {
            #expect(outcome.errorText.contains(reason), "\(reason): \(outcome.errorText)")
        }
        #expect(!site.tree.exists("evil"))
        #expect(try site.differences(from: source).filter { !$0.contains("evil") && !$0.isEmpty } == [])
    }

    @Test func rangesThatAreIgnoredAndPiecesWithoutALengthDo() throws {
        let source = try SourceServer(archives: 10, ["rangeless": "", "breaks": "firmware.xml.gz"])
        try source.control("drop=\(try #require(try source.files().keys.first { $0.hasSuffix("-m3.cab") }))")
        #expect(try site.fill(source).end == .exit(2))
        try source.control("unset=breaks")
        try source.control("chunked=1")
        let outcome = try site.fill(source)
        #expect(outcome.end == .exit(0), "\(outcome.errorText)")
        #expect(try site.differences(from: source) == [])
    }

    @Test func waitingIsHeededAndFailuresPass() throws {
        let source = try SourceServer(
            archives: 2, ["wait": "firmware.xml.gz", "fail": "firmware.xml.gz.jcat"])
        let start = ContinuousClock.now
        let outcome = try site.fill(source)
        #expect(outcome.end == .exit(0), "\(outcome.errorText)")
        #expect(ContinuousClock.now - start >= .seconds(2))
        #expect(outcome.errorText.contains("the source wants to be left alone (429); waiting 1 s"))
        #expect(outcome.errorText.contains("the source fails (500); waiting 1 s"))
        #expect(try source.hits("firmware.xml.gz") == 2)
        #expect(try site.differences(from: source) == [])
    }

    @Test func sourceThatWantsToBeLeftAloneForHoursIs() throws {
        let source = try SourceServer(archives: 2, ["wait": "firmware.xml.gz", "seconds": "7200"])
        let outcome = try site.fill(source)
        #expect(outcome.end == .exit(2))
        #expect(outcome.errorText.contains("the source wants to be left alone (429)"))
        #expect(try source.hits("firmware.xml.gz") == 1)
        #expect(try source.hits("firmware.xml.gz.jcat") == 0)
    }

    @Test func otherSizesAndMissingFilesAreNamed() throws {
        let source = try SourceServer(
            archives: 2, ["short": "firmware.xml.gz", "long": "firmware.xml.gz.jcat"])
        let missing = try #require(try source.files().keys.first { $0.hasSuffix("-m1.cab") })
        try source.control("missing=\(missing)")
        let outcome = try site.fill(source)
        #expect(outcome.end == .exit(2))
        #expect(outcome.errorText.contains("\(missing): the source names it and does not have it (404)"))
        #expect(outcome.errorText.contains("firmware.xml.gz: the source sends "), "\(outcome.errorText)")
        #expect(outcome.errorText.contains("firmware.xml.gz.jcat: the source sends "))
        #expect(try site.differences(from: source) == [missing, "firmware.xml.gz", "firmware.xml.gz.jcat"])
    }

    @Test func sourceWithoutAManifestCanDoNothing() throws {
        let source = try SourceServer(archives: 1, ["missing": "PULP_MANIFEST"])
        try site.tree.write("mirror/mine", "mine")
        let outcome = try site.fill(source, "--delete")
        #expect(outcome.end == .exit(1))
        #expect(outcome.errorText.contains("PULP_MANIFEST: the source has no such file (404)"))
        #expect(try site.names() == ["mine"])
    }

    @Test func sourceThatIsNotThereCanDoNothing() throws {
        let outcome = try site.sync("http://127.0.0.1:1/", site.mirror)
        #expect(outcome.end == .exit(1))
        #expect(outcome.errorText.contains("the source does not answer"), "\(outcome.errorText)")
    }

    @Test func redirectsAreFollowedWhereTheyMayBeBelieved() throws {
        let other = try SourceServer(archives: 1)
        let source = try SourceServer(
            archives: 1, ["away": "firmware.xml.gz", "to": other.url + "firmware.xml.gz"])
        #expect(try site.fill(source).end == .exit(0))
        let elsewhere = try SourceServer(
            archives: 1, ["away": "PULP_MANIFEST", "to": "http://192.0.2.1/PULP_MANIFEST"])
        // The proxy is what answers for that address.
        let outcome = try site.sync(
            elsewhere.url, site.mirror,
            environment: ["http_proxy": "http://\(other.address)"])
        #expect(outcome.end == .exit(1))
        #expect(outcome.errorText.contains("sends on to http://192.0.2.1/"), "\(outcome.errorText)")
    }

    // MARK: Whom to believe

    @Test func httpIsForThisMachine() throws {
        let source = try SourceServer(archives: 1)
        let url = "http://mirror.invalid/downloads/"
        let refused = try site.sync(url, site.mirror)
        #expect(refused.end == .exit(1))
        #expect(refused.errorText.contains("use --insecure"))
        // Through a proxy of the environment.
        let outcome = try site.sync(
            "--insecure", url, site.mirror, environment: ["http_proxy": "http://\(source.address)"])
        #expect(outcome.end == .exit(0), "\(outcome.errorText)")
        #expect(try site.differences(from: source) == [])
    }

    @Test func certificatesAreChecked() throws {
        let script = """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1 \
                -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem
            cat key.pem cert.pem >both.pem
            """
        try Command.succeed(["bash", "-ec", script], site.setting())
        let source = try SourceServer(archives: 2, identity: site.tree.absolute("both.pem"))
        try site.configure(source)
        let refused = try site.sync("mirror")
        #expect(refused.end == .exit(1))
        #expect(refused.errorText.contains("certificate"), "\(refused.errorText)")
        #expect(try site.names() == [])
        try site.configure(source, "SourceCA=\(site.tree.absolute("cert.pem"))")
        let outcome = try site.sync("mirror")
        #expect(outcome.end == .exit(0), "\(outcome.errorText)")
        #expect(try site.differences(from: source) == [])
    }

    // MARK: This machine

    @Test func twoRunsExcludeEachOther() throws {
        let source = try SourceServer(archives: 10, ["delay": "0.5"])
        let first = try site.start("--jobs", "1", source.url, site.mirror)
        try first.waitForLine(containing: "to fetch")
        let second = try site.fill(source)
        #expect(second.end == .exit(1))
        #expect(second.errorText.contains("is being filled by another passim mirror sync"))
        first.kill(9)
        _ = try first.wait()
        try source.control("delay=0")
        #expect(try site.fill(source).end == .exit(2))
    }

    /// The record that the daemon reads, without the lines of what was replaced.
    private func record() throws -> [String: String] {
        let text = String(decoding: try site.tree.read("var/lib/passim-sync/mirror"), as: UTF8.self)
        return Dictionary(
            text.split(separator: "\n").compactMap { line in
                line.firstIndex(of: "=").map { (String(line[..<$0]), String(line[line.index(after: $0)...])) }
            }, uniquingKeysWith: { $1 })
    }

    @Test func syncThatCannotBeginSaysSoInItsRecord() throws {
        let source = try SourceServer(archives: 12, ["delay": "0.5"])
        try source.control("drop=\(try #require(try source.files().keys.first { $0.hasSuffix("-m3.cab") }))")
        try site.configure(source)
        // Somebody else is filling it.
        let first = try site.start("--jobs", "1", "mirror")
        try first.waitForLine(containing: "to fetch")
        #expect(try site.sync("mirror").end == .exit(1))
        #expect(try #require(try record()["Error"]).contains("is being filled by another passim mirror sync"))
        try source.control("delay=0")
        // That one knows better at its end.
        #expect(try first.wait(seconds: 120) == .exit(0), "\(first.errorText)")
        #expect(try record()["Error"] == "")
        let whole = try #require(try record()["LastWhole"])
        // The directory is away.
        try site.tree.rename("mirror", to: "away")
        #expect(try site.sync("mirror").end == .exit(1))
        #expect(try #require(try record()["Error"]).contains("No such file or directory"))
        #expect(Int64(try record()["LastTry"] ?? "") != nil)
        // What was known before is known still.
        #expect(try record()["LastWhole"] == whole)
        #expect(try record()["Source"] == source.url)
        try site.tree.rename("away", to: "mirror")
        // So is the source.
        try source.control("missing=PULP_MANIFEST")
        #expect(try site.sync("mirror").end == .exit(1))
        #expect(try #require(try record()["Error"]).contains("the source has no such file (404)"))
        // A dry run says nothing.
        try site.tree.remove("var/lib/passim-sync/mirror")
        #expect(try site.sync("mirror", "--dry-run").end == .exit(1))
        #expect(!site.tree.exists("var/lib/passim-sync/mirror"))
    }

    @Test func recordThatCannotBeWrittenIsSaidBesides() throws {
        let source = try SourceServer(archives: 1, ["missing": "PULP_MANIFEST"])
        try site.configure(source)
        try site.tree.makeDirectory("var/lib/passim-sync/mirror/in the way")
        let outcome = try site.sync("mirror")
        #expect(outcome.end == .exit(1))
        #expect(
            outcome.errorText.contains(
                "(404); Source= is the directory that it is in; the record of this sync cannot be written"
            ), "\(outcome.errorText)")
    }

    /// As root in the directory of the timer's user.
    @Test(.enabled(if: isRoot, "needs root to give files away")) func filesAreThoseOfTheDirectorysOwner()
        throws
    {
        let source = try SourceServer(archives: 2, ["directories": "", "alias": ""])
        try site.tree.changeOwner("mirror", 4321)
        #expect(try site.fill(source).end == .exit(0))
        let owners = try Command.succeed([
            "find", site.mirror, "!", "-name", ".passim-lock.part", "-printf", "%u %g %m %y\n",
        ]).text
        #expect(Set(owners.split(separator: "\n")) == ["4321 4321 755 d", "4321 4321 644 f"], "\(owners)")
        // And that user goes on with it.
        try source.control("publish")
        try Command.succeed(["chmod", "755", site.tree.path])
        var setting = site.setting()
        setting.user = 4321
        let program = site.tree.absolute("passim")
        try Command.succeed(["install", "-m", "755", try Products.path(of: "passim"), program])
        let outcome = try Command.run([program, "mirror", "sync", source.url, site.mirror], setting)
        #expect(outcome.end == .exit(0), "\(outcome.errorText)")
        #expect(outcome.text.contains("fetched 2 ") && outcome.text.contains("made 1"), "\(outcome.text)")
        #expect(try site.differences(from: source) == [])
    }

    @Test(.enabled(if: SmallDisk.isPossible, "needs root")) func roomIsLookedForFirst() throws {
        let disk = try SmallDisk(kibibytes: 256)
        let source = try SourceServer(archives: 20)
        let outcome = try site.sync(source.url, disk.tree.path)
        #expect(outcome.end == .exit(1))
        #expect(
            outcome.errorText.contains("bytes are missing, and there is room for"), "\(outcome.errorText)")
        #expect(try disk.tree.list("").map(\.description) == [".passim-lock.part"])
        #expect(try source.hits("firmware.xml.gz") == 0)
    }

    @Test func whatIsNoFileIsReplacedOrNamedAndNeverFollowed() throws {
        let source = try SourceServer(archives: 4, ["directories": ""])
        try site.tree.makeDirectory("elsewhere/e")
        try site.tree.symlink("mirror/d0", to: "../elsewhere")
        try site.tree.write("elsewhere/firmware", "mine")
        try site.tree.symlink("mirror/firmware.xml.gz", to: "../elsewhere/firmware")
        let blocked = try #require(try source.files().keys.first { $0.hasSuffix("-m1.cab") })
        try site.tree.makeDirectory("mirror/\(blocked)")
        let outcome = try site.fill(source)
        #expect(outcome.end == .exit(2))
        #expect(outcome.errorText.contains("d0/e/x.cab: "), "\(outcome.errorText)")
        #expect(outcome.errorText.contains("\(blocked): Is a directory"), "\(outcome.errorText)")
        #expect(try site.tree.list("elsewhere/e") == [])
        #expect(try site.tree.read("elsewhere/firmware") == Array("mine".utf8))
        #expect(try site.digest("firmware.xml.gz") == source.files()["firmware.xml.gz"])
    }

    @Test func interruptedDownloadIsGoneOnWith() throws {
        let source = try SourceServer(archives: 0, ["large": "3000000", "breaks": "large.bin"])
        // It breaks off after half, until there are no more tries.
        let first = try site.fill(source, "--max-rate", "100M")
        #expect(first.end == .exit(2))
        let part = try #require(try site.parts().first)
        let size = try site.tree.status("mirror/\(part)").size
        #expect(size > 1_000_000 && size < 3_000_000)
        let hits = try source.hits("large.bin")
        try source.control("unset=breaks")
        let outcome = try site.fill(source, "--json")
        #expect(outcome.end == .exit(0), "\(outcome.errorText)")
        #expect(outcome.text.contains(#""whole":true"#) && outcome.text.contains(#""fetched":1,"#))
        #expect(try source.hits("large.bin") == hits + 1)
        #expect(try site.differences(from: source) == [])
        #expect(try site.parts() == [])
    }

    // MARK: What belongs there

    @Test func extrasAreDeletedOnRequestOnly() throws {
        let source = try SourceServer(archives: 2)
        try site.configure(source, "Exclude=;*.part;*.mine", "KeepOld=0")
        for name in ["a.mine", "extra.cab", "sub/extra.cab", "firmware-07000-stable.xml.gz"] {
            try site.tree.write("mirror/\(name)", "x")
        }
        #expect(try site.sync("mirror").end == .exit(0))
        #expect(
            try site.names().isSuperset(of: ["a.mine", "extra.cab", "sub", "firmware-07000-stable.xml.gz"]))
        let json = try site.sync("--all", "--delete", "--dry-run", "--json")
        let program =
            "import json, sys; print([[f['path'] for f in m['to_delete']] for m in json.load(sys.stdin)])"
        try site.tree.write("plan.json", json.output)
        let read = try Command.succeed(
            ["bash", "-c", "/usr/bin/python3 -c \"$1\" <plan.json", "-", program], site.setting()
        ).text
        #expect(read.contains("'extra.cab'"), "\(read)")
        let plan = try site.sync("--all", "--delete", "--dry-run")
        #expect(
            plan.text.contains("delete extra.cab (1 B)\n") && plan.text.contains("3 to delete"),
            "\(plan.text)")
        // Not after a run in which something failed.
        try source.control("missing=firmware.xml.gz")
        try source.control("publish")
        #expect(try site.sync("mirror", "--delete").end == .exit(2))
        #expect(site.tree.exists("mirror/extra.cab"))
        try source.control("unset=missing")
        let outcome = try site.sync("mirror", "--delete")
        #expect(outcome.end == .exit(0), "\(outcome.errorText)")
        #expect(outcome.text.contains("deleted 4"), "\(outcome.text)")
        #expect(try site.names().contains("a.mine"))
        #expect(!site.tree.exists("mirror/extra.cab") && !site.tree.exists("mirror/sub/extra.cab"))
        #expect(!site.tree.exists("mirror/firmware-07346-stable.xml.gz"))
        #expect(try site.differences(from: source) == [])
    }

    @Test func replacedMetadataStaysForItsTime() throws {
        let source = try SourceServer(archives: 1)
        try site.configure(source, "KeepOld=1000")
        #expect(try site.sync("mirror").end == .exit(0))
        try source.control("publish")
        #expect(try site.sync("mirror", "--delete").end == .exit(0))
        let old = "firmware-07346-stable.xml.gz"
        #expect(try site.names().contains(old))
        // As if it had been replaced 2000 seconds ago.
        let record = "var/lib/passim-sync/mirror"
        let text = String(decoding: try site.tree.read(record), as: UTF8.self)
        // The name's bytes in hexadecimal, `=`, seconds.
        let lines = text.split(separator: "\n").map { line -> String in
            guard line.hasPrefix("6669726d77617265"), let time = Int(line.split(separator: "=")[1]) else {
                return String(line)
            }
            return line.split(separator: "=")[0] + "=\(time - 2000)"
        }
        try site.tree.write(record, lines.joined(separator: "\n"))
        #expect(try site.sync("mirror", "--delete").text.contains("deleted 1"))
        #expect(try !site.names().contains(old))
    }

    @Test func onlyWhatTheDropInSelectsIsFetched() throws {
        let source = try SourceServer(archives: 20)
        try site.configure(source, "Include=*Vendor*;firmware*", "Exclude=;*.part;*.jcat")
        let outcome = try site.sync("mirror")
        #expect(outcome.end == .exit(0), "\(outcome.errorText)")
        let names = try site.names()
        #expect(
            names.count == 5 && names.contains("firmware.xml.gz") && !names.contains("firmware.xml.gz.jcat"))
    }

    @Test func dropInsWithoutASourceAreNamed() throws {
        try site.tree.write("etc/passim.d/mirror.conf", "[passim]\nPath=\(site.mirror)\n")
        let none = try site.sync("mirror")
        #expect(none.end == .exit(1))
        #expect(none.errorText.contains("mirror: it has no Source="))
        #expect(try site.sync("--all").end == .exit(1))
        #expect(try site.sync("other").errorText.contains("has no other.conf"))
        try site.tree.write("etc/passim.d/mirror.conf", "[passim]\nPath=\(site.mirror)\nSource=ftp://x/\n")
        let wrong = try site.sync("mirror")
        #expect(wrong.end == .exit(1))
        #expect(wrong.errorText.contains("Source=ftp://x/: not a URL of https"), "\(wrong.errorText)")
    }

    @Test func rateIsLimited() throws {
        let source = try SourceServer(archives: 3)
        let start = ContinuousClock.now
        #expect(try site.fill(source, "--max-rate", "40K").end == .exit(0))
        // Some 96 KB, of which the last file is not waited for.
        #expect(ContinuousClock.now - start > .seconds(1))
    }

    @Test(.enabled(if: SyncTests.hasNumberlessDisk, "needs root, FUSE and unionfs-fuse(8)"))
    func digestsThatCannotBeRecordedAreToldOf() throws {
        let source = try SourceServer(archives: 1)
        try site.tree.makeDirectory("branch")
        let script = """
            unionfs "$1/branch=RW" "$1/mirror"
            "$2" mirror sync "$3" "$1/mirror" || true
            umount -l "$1/mirror"
            """
        let outcome = try Command.run(
            [
                "unshare", "-m", "sh", "-ec", script, "-", site.tree.path, try Products.path(of: "passim"),
                source.url,
            ], site.setting(), seconds: 120)
        #expect(outcome.text.contains("whole: 4 files"), "\(outcome.text)\(outcome.errorText)")
        #expect(
            outcome.errorText.contains(
                "no digest can be recorded on 4 files, which are read again each time: inode numbers do not last on "
            ), "\(outcome.errorText)")
    }

    private static let hasNumberlessDisk: Bool =
        canMount
        && (try? Command.run(["sh", "-c", "command -v unionfs && test -e /dev/fuse"]))?.succeeded == true

    @Test func timesAreThoseOfTheSource() throws {
        let source = try SourceServer(archives: 1, ["dated": ""])
        #expect(try site.fill(source).end == .exit(0))
        #expect(try site.tree.status("mirror/firmware.xml.gz").modified.seconds == 1_793_522_977)
        #expect(try site.fill(source).text.contains("fetched 0 "))
    }
}
