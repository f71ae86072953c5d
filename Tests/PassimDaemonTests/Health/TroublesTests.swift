import Glibc
import PassimConfig
import PassimCore
import PassimIndex
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimDaemon

@Suite struct TroublesTests {
    private func trouble(_ severity: Trouble.Severity, _ kind: Trouble.Kind, _ what: String = "x") -> Trouble
    {
        Trouble(severity, kind, subject: "s", what)
    }

    // MARK: The list

    @Test func worstComesFirstAndEachSourceReplacesItsOwn() {
        let troubles = Troubles()
        troubles.replace(.configuration, with: [trouble(.warning, .configuration)])
        troubles.replace(
            .certificate, with: [trouble(.error, .certificate), trouble(.warning, .certificate)])
        troubles.ask { [.init(trouble: Trouble(.error, .discovery, "y"))] }
        #expect(troubles.current.map(\.kind) == [.discovery, .certificate, .certificate, .configuration])
        troubles.replace(.certificate, with: [])
        #expect(troubles.current.map(\.kind) == [.discovery, .configuration])
    }

    @Test func sinceIsKeptWhileItIsThereAndBeginsAnew() {
        let now = Lock(Int64(1000))
        let troubles = Troubles(
            clock: TimeSource(
                now: { Timestamp(seconds: now.withLock { $0 }, nanoseconds: 0) }, monotonic: { 0 }))
        let isThere = Lock(true)
        let one = trouble(.error, .discovery)
        troubles.ask { isThere.withLock { $0 } ? [.init(trouble: one)] : [] }
        #expect(troubles.current.map(\.since) == [1000])
        now.withLock { $0 = 1060 }
        #expect(troubles.current.map(\.since) == [1000])
        isThere.withLock { $0 = false }
        #expect(troubles.current.isEmpty)
        isThere.withLock { $0 = true }
        #expect(troubles.current.map(\.since) == [1060])
        // The clock was set back.
        now.withLock { $0 = 5 }
        #expect(troubles.current.map(\.since) == [5])
    }

    @Test func whatMustLastIsATroubleWhenItHas() {
        let now = Lock(Int64(0))
        let troubles = Troubles(
            clock: TimeSource(
                now: { Timestamp(seconds: now.withLock { $0 }, nanoseconds: 0) }, monotonic: { 0 }))
        let slow = trouble(.warning, .discovery)
        troubles.ask { [.init(trouble: slow, patience: 120)] }
        for (second, count) in [(0, 0), (119, 0), (120, 1), (500, 1)] {
            now.withLock { $0 = Int64(second) }
            #expect(troubles.current.count == count, "\(second)")
        }
    }

    // MARK: Disks

    private func space(free: UInt64, of all: UInt64, files: UInt64 = 0, of allFiles: UInt64 = 0)
        -> FileSystemSpace
    {
        FileSystemSpace(freeBytes: free, bytes: all, freeFiles: files, files: allFiles)
    }

    @Test func diskIsATroubleBelowFivePercentOrAGibibyte() {
        let (gib, tib) = (UInt64(1) << 30, UInt64(1) << 40)
        func severity(_ space: FileSystemSpace) -> Trouble.Severity? { space.trouble(at: "/srv")?.severity }
        #expect(severity(space(free: tib / 10, of: tib)) == nil)
        #expect(severity(space(free: tib / 21, of: tib)) == .warning)
        #expect(severity(space(free: gib, of: 2 * gib)) == nil)
        #expect(severity(space(free: gib - 1, of: 2 * gib)) == .warning)
        #expect(severity(space(free: 0, of: tib)) == .error)
        #expect(severity(space(free: tib, of: tib, files: 0, of: 1000)) == .error)
        #expect(severity(space(free: tib, of: tib, files: 49, of: 1000)) == .warning)
        #expect(severity(space(free: tib, of: tib, files: 50, of: 1000)) == nil)
        // One that does not say how much it has.
        #expect(severity(space(free: 0, of: 0)) == nil)
        #expect(severity(space(free: .max, of: .max, files: .max, of: .max)) == nil)
        #expect(
            space(free: gib / 2, of: tib).trouble(at: "/srv")?.sentence
                == "the file system of /srv is nearly full: 512 MiB of 1.0 TiB are free")
    }

    @Test func directoriesOfOneFileSystemAreOneTroubleAndImagesNone() async {
        let spaces = [
            "/a": FileSystemSpace(device: 1, freeBytes: 0, bytes: 100),
            "/b": FileSystemSpace(device: 1, freeBytes: 0, bytes: 100),
            "/c": FileSystemSpace(device: 2, freeBytes: 0, bytes: 100, isImage: true),
        ]
        let survey = DiskSurvey { spaces[$0] }
        survey.look(at: ["/a", "/b", "/c", "/gone"])
        #expect(await becomesTrue(within: 60) { survey.spaces.count == 3 })
        #expect(survey.troubles.map(\.subject) == ["/a"])
        survey.look(at: ["/b"])
        #expect(await becomesTrue(within: 60) { survey.troubles.map(\.subject) == ["/b"] })
    }

    @Test func fileSystemThatHangsHoldsUpNobodyAndIsAskedOnce() async {
        let asked = Lock<[String]>([])
        let goOn = Lock(false)
        let survey = DiskSurvey { path in
            asked.withLock { $0.append(path) }
            while path == "/hangs", !goOn.withLock({ $0 }) { usleep(1000) }
            return FileSystemSpace(freeBytes: 1, bytes: 2)
        }
        for _ in 0..<20 { survey.look(at: ["/hangs", "/fine"]) }
        #expect(await becomesTrue(within: 60) { survey.space(at: "/fine") != nil })
        for _ in 0..<20 { survey.look(at: ["/hangs", "/fine"]) }
        #expect(survey.space(at: "/hangs") == nil)
        #expect(asked.withLock { $0.count { $0 == "/hangs" } } == 1)
        goOn.withLock { $0 = true }
        #expect(await becomesTrue(within: 60) { survey.space(at: "/hangs") != nil })
    }

    // MARK: Freshness

    private func dropIn(staleAfter: Int? = nil) -> DropIn {
        var dropIn = DropIn(name: "lvfs.conf", file: "/etc/passim.d/lvfs.conf", path: "/srv/lvfs")
        dropIn.staleAfter = staleAfter
        return dropIn
    }

    private func synced(
        _ lastWhole: Int64?, error: String? = nil, tried lastTry: Int64? = nil
    ) -> FreshnessSurvey.Freshness {
        .init(sync: SyncState(lastWhole: lastWhole, lastTry: lastTry, error: error))
    }

    @Test func syncThatIsOldIsAnErrorWithItsReason() {
        let now: Int64 = 10_000_000
        #expect(dropIn().staleness(synced(now - 259_199), at: now) == nil)
        let stale = dropIn().staleness(
            synced(now - 259_200, error: "no route", tried: now - 7200), at: now)
        #expect(stale?.severity == .error)
        #expect(
            stale?.sentence
                == "/srv/lvfs is stale: its last whole sync ended 3 d ago; "
                + "the last sync, 2 h ago, was not whole: no route")
        #expect(stale?.command == "passim mirror sync lvfs")
        #expect(dropIn(staleAfter: 60).staleness(synced(now - 60), at: now) != nil)
        #expect(dropIn(staleAfter: 0).staleness(synced(0), at: now) == nil)
        #expect(
            dropIn().staleness(synced(nil, error: "refused"), at: now)?.sentence
                == "/srv/lvfs was never synced whole: refused")
        #expect(
            dropIn().staleness(synced(nil, error: "refused", tried: now - 60), at: now)?.sentence
                == "/srv/lvfs was never synced whole: refused; tried 1 min ago")
    }

    @Test(arguments: [Int64.min, 0, .max]) func syncThatWasNotWholeSaysWhen(tried: Int64) {
        let state = SyncState(lastTry: tried, error: "no route")
        #expect(state.failure(at: 1_800_000_000)!.hasSuffix(" ago, was not whole: no route"))
        #expect(SyncState(error: "x").failure(at: 0) == "the last sync was not whole: x")
        #expect(SyncState(lastTry: tried).failure(at: 0) == nil)
    }

    @Test func directoryWithASourceThatNothingFillsIsATroubleAfterAWhile() throws {
        var dropIn = dropIn()
        #expect(dropIn.emptiness(.init()) == nil)
        dropIn.source = try SourceURL("https://cdn.example/downloads/")
        let finding = try #require(dropIn.emptiness(.init()))
        #expect(finding.patience == 259_200)
        #expect(
            finding.trouble.sentence == "/srv/lvfs was never synced: it has Source=, and nothing fills it")
        #expect(finding.trouble.command == "systemctl enable --now passim-sync@lvfs.timer")
        #expect(dropIn.emptiness(synced(nil)) == nil)
    }

    @Test(arguments: [Int64.min, .min + 1, .max])
    func timesOfFilesMayBeAnything(_ seconds: Int64) {
        let now: Int64 = 1_800_000_000
        let newest = FreshnessSurvey.Freshness(
            newest: Timestamp(seconds: seconds, nanoseconds: 0), newestName: "firmware.xml.zst")
        #expect((dropIn(staleAfter: 86400).staleness(newest, at: now) != nil) == (seconds < 0))
        #expect((dropIn().staleness(synced(seconds), at: now) != nil) == (seconds < 0))
    }

    @Test func contentThatNothingSyncsIsStaleOnlyWhereThatIsSaid() {
        let now: Int64 = 10_000_000
        let old = FreshnessSurvey.Freshness(
            newest: Timestamp(seconds: now - 9 * 86400, nanoseconds: 0), newestName: "firmware.xml.zst")
        #expect(dropIn().staleness(old, at: now) == nil)
        #expect(dropIn(staleAfter: 10 * 86400).staleness(old, at: now) == nil)
        #expect(
            dropIn(staleAfter: 86400).staleness(old, at: now)?.sentence
                == "/srv/lvfs is stale: its newest content, firmware.xml.zst, is 9 d old")
        #expect(dropIn(staleAfter: 86400).staleness(.init(), at: now) == nil)
    }

    @Test func newestMetadataIsFoundAndTheStateOfTheSync() throws {
        let tree = try TemporaryTree()
        let paths = Paths(environment: ["LOCALSTATEDIR": tree.path])
        let index = DigestIndex()
        let origin = OriginID(1)
        let directory = index.directory(origin: origin, path: .empty)
        func insert(_ name: String, _ seconds: Int64) {
            let time = Timestamp(seconds: seconds, nanoseconds: 0)
            let identity = FileIdentity(
                device: 1, inode: UInt64(seconds), size: 1, modified: time, changed: time)
            index.apply([
                .insert(
                    directory: directory, name: RawName(name), digest: Digest(of: name), identity: identity,
                    flags: [])
            ])
        }
        insert("a.cab", 500)
        var status = DirectoryStatus(dropIn: "lvfs.conf", path: "/srv/lvfs", state: .watching)
        status.origin = origin
        status.lastChange = Timestamp(seconds: 1, nanoseconds: 0)
        let survey = FreshnessSurvey(index: index, paths: paths)
        survey.look(at: [status])
        #expect(survey.freshness(of: origin)?.newestName == "a.cab")
        #expect(survey.freshness(of: origin)?.sync == nil)
        insert("firmware-1.xml.zst", 100)
        insert("firmware-2.xml.gz", 200)
        insert("firmware-2.xml.gz.jcat", 900)
        survey.look(at: [status])
        // Nothing has changed, as far as it was told.
        #expect(survey.freshness(of: origin)?.newestName == "a.cab")
        status.lastChange = Timestamp(seconds: 2, nanoseconds: 0)
        try tree.write("lib/passim-sync/lvfs", "[sync]\nLastWhole=77\nLastTry=99\nError=no\\sroute\n")
        survey.look(at: [status])
        let found = survey.freshness(of: origin)
        #expect(found?.newestName == "firmware-2.xml.gz")
        #expect(found?.newest?.seconds == 200)
        #expect(found?.sync == SyncState(lastWhole: 77, lastTry: 99, error: "no route"))
    }
}
