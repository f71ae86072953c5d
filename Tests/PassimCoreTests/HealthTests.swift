import PassimCore
import Testing

@Suite struct HealthTests {
    private func directory(_ state: DirectoryStatus.State = .watching) -> DirectoryStatus {
        DirectoryStatus(dropIn: "a.conf", path: "/srv/a", state: state)
    }

    private func health(
        _ status: DaemonStatus = .running, _ troubles: [Trouble] = [],
        _ directories: [DirectoryStatus]? = nil,
        files: UInt64 = 3, wanted: UInt64 = 3, found: UInt64 = 3
    ) -> Health {
        Health(
            status: status, troubles: troubles, directories: directories ?? [directory()], files: files,
            wanted: wanted, found: found)
    }

    private let error = Trouble(.error, .disk, "the disk is full")
    private let warning = Trouble(.warning, .discovery, "some cannot be found")

    @Test func worstIsTheVerdict() {
        #expect(health().verdict == .ok)
        #expect(health(.loading).verdict == .scanning)
        #expect(health(.starting).verdict == .scanning)
        #expect(health(.loading, [warning]).verdict == .warning)
        #expect(health(.running, [warning, error]).verdict == .error)
        #expect(health(.running, [], [], files: 0, wanted: 0, found: 0).verdict == .empty)
        // What was published is shared, too.
        #expect(health(.running, [], [], files: 1).verdict == .ok)
    }

    @Test func headlineIsTheWorstTroubleAndHowManyMore() {
        #expect(health(.running, [warning]).headline == "some cannot be found")
        #expect(health(.running, [warning, error]).headline == "the disk is full; 1 more problem")
        #expect(health(.running, [warning, error, error]).headline == "the disk is full; 2 more problems")
    }

    @Test func headlineSaysNoMoreThanIsSo() {
        #expect(health().headline == "3 files are shared, and other machines can find all of them")
        #expect(health(files: 1).headline == "1 file is shared, and other machines can find it")
        #expect(
            health(wanted: 5, found: 2).headline
                == "3 files are shared; other machines can find 2 of 5 digests so far")
        #expect(health(wanted: 0, found: 0).headline == "3 files are shared, and none is advertised")
        var hidden = directory()
        hidden.isAdvertised = false
        #expect(
            health(.running, [], [directory(), hidden], wanted: 2, found: 2).headline
                == "3 files are shared, and other machines can find 2 digests")
        #expect(health(.running, [], [], files: 0, wanted: 0).headline == "no directory is shared yet")
    }

    @Test func scanTellsHowFarItIs() {
        var scanning = directory(.scanning)
        scanning.bytes = 64
        scanning.pendingBytes = 36
        scanning.pendingFiles = 7
        scanning.secondsLeft = 400
        #expect(
            health(.loading, [], [directory(), scanning]).headline
                == "64 %, about 6 min left; 3 of 10 files can be fetched already")
        scanning.pendingBytes = .max
        scanning.bytes = .max
        scanning.pendingFiles = .max
        #expect(health(.loading, [], [scanning, scanning]).headline.hasPrefix("50 %"))
    }

    // MARK: Commands

    @Test(arguments: [
        ("/srv/a-b_c.d", "/srv/a-b_c.d"), ("/srv/a b", "'/srv/a b'"), ("/srv/it's", "'/srv/it'\\''s'"),
        ("/srv/$(reboot)", "'/srv/$(reboot)'"), ("/srv/;ls", "'/srv/;ls'"), ("/srv/ü", "'/srv/ü'"),
    ])
    func pathIsOneWordOfAShell(path: String, word: String) {
        #expect(ShellWord.quoted(path) == word)
    }

    @Test(arguments: ["", "-rf", "/srv/a\nreboot", "/srv/\u{202E}a", "/srv/\u{FFFD}"])
    func pathThatNobodyShouldPasteHasNoCommand(path: String) {
        #expect(ShellWord.quoted(path) == nil)
        #expect(ShellWord.command("chmod o+r", path).isEmpty)
    }
}
