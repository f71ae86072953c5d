import Glibc
import PassimConfig
import PassimCore
import PassimIndex
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimMirror

/// What cannot be read, and what happens to all the rest.
@Suite struct FaultTests {
    @Test func unreadableFilesAreOneWarningWithACount() {
        let fixture = Fixture()
        for number in 0..<100 { fixture.tree.write("f\(number)", "\(number)") }
        let faults = FaultPlan([.openat: Array(repeating: .accessDenied, count: 60)])
        FaultPlan.$current.withValue(faults) { fixture.scan() }
        #expect(fixture.index.count == 40)
        #expect(fixture.status.unreadable == 60)
        #expect(fixture.log.warnings.count == 1)
        #expect(fixture.log.warnings[0].contains("60"))
        fixture.rescan()
        #expect(fixture.index.count == 100)
        #expect(fixture.status.unreadable == 0)
    }

    @Test func unreadableRootIsAFailure() {
        let fixture = Fixture()
        fixture.tree.write("a", "a")
        let faults = FaultPlan([.openat2: [.accessDenied]])
        FaultPlan.$current.withValue(faults) { fixture.scan() }
        #expect(fixture.status.state == .failed("Permission denied"))
        #expect(fixture.mirror.firstPassDone)
        fixture.rescan()
        #expect(fixture.status.state == .polling)
        #expect(fixture.index.count == 1)
    }

    @Test(arguments: [SystemError.Code.inputOutput, .stale])
    func directoryThatCannotBeListedForNowKeepsItsEntries(_ code: SystemError.Code) {
        let fixture = Fixture()
        fixture.tree.makeDirectory("sub")
        fixture.tree.write("sub/a", "a")
        fixture.tree.write("b", "b")
        fixture.scan()
        // The root is opened by openat2, the sub-directory by openat.
        let faults = FaultPlan([.openat: [code]])
        FaultPlan.$current.withValue(faults) { fixture.rescan() }
        #expect(fixture.entry("sub/a") != nil)
        #expect(fixture.status.unreadable == 1)
        let reading = FaultPlan([.getdents64: [nil, nil, code]])
        FaultPlan.$current.withValue(reading) { fixture.rescan() }
        #expect(fixture.entry("sub/a") != nil)
        #expect(fixture.status.unreadable == 1)
        // Looked at again by itself.
        #expect(fixture.mirror.nextDue != nil)
        fixture.tree.remove("sub/a")
        #expect(rmdir(fixture.tree.child("sub")) == 0)
        fixture.rescan()
        #expect(fixture.entry("sub/a") == nil)
        #expect(fixture.entry("b") != nil)
    }

    /// Nothing happens to the file that would tell that it can be read again.
    @Test(arguments: [
        SystemCall.openat, .fstat, .pread, .getdents64, .openat2, .open,
    ])
    func whatFailsInAPassIsTriedAgainByItself(_ call: SystemCall) {
        for position in 0..<8 {
            let fixture = Fixture()
            fixture.tree.makeDirectory("sub")
            for name in ["a", "b", "sub/c"] { fixture.tree.write(name, name) }
            let faults = FaultPlan([call: Array(repeating: nil, count: position) + [.inputOutput]])
            FaultPlan.$current.withValue(faults) { fixture.scan() }
            fixture.clock.advance(seconds: 6)
            fixture.drain()
            #expect(fixture.index.count == 3, "\(call) number \(position)")
            #expect(fixture.status.unreadable == 0)
        }
    }

    @Test(arguments: [SystemCall.openat, .openat2, .fstat, .pread])
    func whatFailsAfterAnEventIsTriedAgainByItself(_ call: SystemCall) {
        for position in 0..<6 {
            let fixture = Fixture()
            fixture.tree.write("a", "a")
            fixture.scan()
            fixture.tree.write("a", "another")
            fixture.tree.write("new", "new")
            let faults = FaultPlan([call: Array(repeating: nil, count: position) + [.stale]])
            FaultPlan.$current.withValue(faults) {
                for name in ["a", "new"] {
                    fixture.mirror.recheck(origin: fixture.origins[0].id, path: RawName(name))
                }
                fixture.drain()
            }
            fixture.clock.advance(seconds: 6)
            fixture.drain()
            #expect(fixture.entry("a")?.digest == digest("another"), "\(call) number \(position)")
            #expect(fixture.entry("new")?.digest == digest("new"), "\(call) number \(position)")
        }
    }

    /// A file that cannot be read is tried ever more seldom, whatever scans come by, and once it can, as always.
    @Test func fileThatFailsIsTriedEverMoreSeldom() {
        let fixture = Fixture()
        fixture.tree.write("a", "a")
        let broken = FaultPlan([.pread: Array(repeating: .inputOutput, count: 1000)])
        var tries: [Int] = []
        FaultPlan.$current.withValue(broken) {
            fixture.scan()
            for _ in 0..<6 {
                for _ in 0..<60 {
                    fixture.clock.advance(seconds: 5)
                    fixture.drain()
                }
                tries.append(broken.calls.count { $0 == .pread })
            }
        }
        // There is a scan a minute.
        #expect(fixture.counters.passes > 20)
        #expect(tries.last! > tries.first! && tries.last! < 16, "\(tries)")
        #expect(fixture.log.warnings.count == 1)
        fixture.clock.advance(seconds: 301)
        fixture.drain()
        #expect(fixture.index.count == 1)
    }

    @Test func filesThatFailEachTimeAreTalkedOfOnce() {
        let fixture = Fixture()
        for number in 0..<40 { fixture.tree.write("f\(number)", "\(number)") }
        fixture.scan()
        // The first ones are of the way to the root.
        let plain = FaultPlan([:])
        FaultPlan.$current.withValue(plain) { fixture.rescan() }
        let others = plain.calls.count { $0 == .fstat } - 40
        func scan(failing count: Int) {
            let faults = FaultPlan([
                .fstat: Array(repeating: nil, count: others) + Array(repeating: .accessDenied, count: count)
            ])
            FaultPlan.$current.withValue(faults) { fixture.rescan() }
            #expect(fixture.status.unreadable == count)
            fixture.clock.advance(seconds: 1)
        }
        for count in [3, 0, 4, 2, 5, 0, 6] { scan(failing: count) }
        #expect(fixture.log.warnings.count == 1)
        // Many more are news, and what was right for a minute.
        scan(failing: 13)
        #expect(fixture.log.warnings.count == 1)
        fixture.clock.advance(seconds: 60)
        scan(failing: 13)
        #expect(fixture.log.warnings.count == 2)
        scan(failing: 30)
        #expect(fixture.log.warnings.count == 3)
    }

    @Test func forbiddenDirectoryLosesItsEntries() {
        let fixture = Fixture()
        fixture.tree.makeDirectory("sub")
        fixture.tree.write("sub/a", "a")
        fixture.scan()
        let faults = FaultPlan([.openat: [.accessDenied]])
        FaultPlan.$current.withValue(faults) { fixture.rescan() }
        #expect(fixture.entry("sub/a") == nil)
    }

    @Test func rootThatFailsForNowKeepsItsEntriesAndOneThatIsGoneDoesNot() {
        let fixture = Fixture()
        fixture.tree.makeDirectory("sub")
        fixture.tree.write("sub/a", "a")
        fixture.scan([fixture.dropIn("a.conf", fixture.tree.child("sub"))])
        let faults = FaultPlan([.open: [.inputOutput]])
        FaultPlan.$current.withValue(faults) { fixture.rescan() }
        #expect(fixture.status.state == .failed("Input/output error"))
        #expect(fixture.index.count == 1)
        fixture.rescan()
        #expect(fixture.status.state == .polling)
        #expect(rename(fixture.tree.child("sub"), fixture.tree.child("other")) == 0)
        fixture.rescan()
        #expect(fixture.status.state == .missing)
        #expect(fixture.index.count == 0)
    }

    @Test func withoutDescriptorsEverythingIsTriedAgain() {
        let fixture = Fixture()
        fixture.tree.makeDirectory("sub")
        for number in 0..<30 { fixture.tree.write("sub/f\(number)", "\(number)") }
        let faults = FaultPlan([
            .open: [.tooManyFiles, .tooManyFilesInSystem],
            .openat2: [.tooManyFiles, nil, .tooManyFiles],
            .openat: [.tooManyFiles] + Array(repeating: nil, count: 10) + [.tooManyFiles],
        ])
        FaultPlan.$current.withValue(faults) {
            fixture.scan()
            for _ in 0..<60 {
                fixture.clock.advance(seconds: 1)
                fixture.drain()
            }
        }
        #expect(fixture.index.count == 30)
        #expect(fixture.status.unreadable == 0)
        #expect(fixture.status.pendingFiles == 0)
        #expect(fixture.mirror.firstPassDone)
    }

    @Test func readErrorWhileHashingGivesUpThatFileOnly() {
        let fixture = Fixture()
        fixture.tree.write("a", "a")
        fixture.tree.write("b", "b")
        let faults = FaultPlan([.pread: [.inputOutput]])
        FaultPlan.$current.withValue(faults) { fixture.scan() }
        #expect(fixture.index.count == 1)
        #expect(fixture.status.unreadable == 1)
        #expect(fixture.status.pendingFiles == 0)
        #expect(fixture.log.warnings.count == 1)
    }

    @Test func attributesThatCannotBeReadAreNoError() {
        let fixture = Fixture()
        fixture.tree.write("a", "a")
        let faults = FaultPlan([.fgetxattr: Array(repeating: .accessDenied, count: 10)])
        FaultPlan.$current.withValue(faults) { fixture.scan() }
        #expect(fixture.entry("a") != nil)
        #expect(fixture.status.unreadable == 0)
    }

    // MARK: - Deep

    @Test func fiftyDirectoriesDeepWithTheLongestNames() throws {
        let fixture = Fixture()
        let name = RawName(String(repeating: "n", count: 255))
        var path = RawName.empty
        var here = try Descriptor.open(fixture.tree.path, [.path, .directory])
        for _ in 0..<50 {
            try here.makeDirectory(name, mode: 0o755)
            here = try here.open(name, [.path, .directory])
            path = path.appending(name)
        }
        let file = try here.open(name, [.writeOnly, .create])
        try file.writeAll(Array("deep".utf8))
        path = path.appending(name)
        fixture.scan()
        #expect(fixture.entry(path)?.digest == digest("deep"))
        fixture.index.apply([.drop(fixture.entry(path)!)])
        fixture.mirror.recheck(origin: fixture.origins[0].id, path: path)
        fixture.drain()
        #expect(fixture.entry(path)?.digest == digest("deep"))
        let second = Fixture(tree: fixture.tree)
        second.scan()
        #expect(second.counters.filesHashed == 0)
        #expect(second.index.count == 1)
    }

    @Test func fiveThousandDirectoriesDeep() throws {
        let fixture = Fixture()
        let name = RawName("d")
        var here = try Descriptor.open(fixture.tree.path, [.path, .directory])
        for depth in 0..<5000 {
            try here.makeDirectory(name, mode: 0o755)
            here = try here.open(name, [.path, .directory])
            if depth % 500 == 499 {
                let file = try here.open(RawName("f"), [.writeOnly, .create])
                try file.writeAll(Array("\(depth)".utf8))
            }
        }
        // Fewer descriptors than there are directories, whatever the limit here is; tests of servers have some
        // thousand beside it.
        let most = Lock(0)
        fixture.clock.onLook.withLock { hook in
            hook = {
                let count = (0..<8192).count { fcntl(CInt($0), F_GETFD) >= 0 }
                most.withLock { $0 = max($0, count) }
            }
        }
        fixture.scan()
        #expect(fixture.index.count == 10)
        #expect(most.withLock { $0 } < 4500)
        fixture.rescan()
        #expect(fixture.index.count == 10)
        #expect(fixture.log.warnings.isEmpty)
    }

    @Test func pathPastTheLimitIsToldAndHarmsNothing() throws {
        let fixture = Fixture()
        fixture.tree.write("a", "a")
        let name = RawName(String(repeating: "n", count: 255))
        var here = try Descriptor.open(fixture.tree.path, [.path, .directory])
        for _ in 0..<(Limits.longestPath / 256 + 1) {
            try here.makeDirectory(name, mode: 0o755)
            here = try here.open(name, [.path, .directory])
        }
        fixture.scan()
        #expect(fixture.entry("a") != nil)
        #expect(fixture.status.unreadable == 1)
        #expect(fixture.mirror.firstPassDone)
    }
}
