import Glibc
import PassimConfig
import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimMirror

@Suite struct FileReadingTests {
    private let tree: TemporaryTree

    init() throws {
        tree = try TemporaryTree()
    }

    private func put(_ path: String, _ text: String) throws {
        try tree.write(path, text)
        try tree.setModified(path, DaemonSite.longAgo)
    }

    private func root() throws -> Descriptor { try Descriptor.open(tree.path, [.path, .directory]) }

    private func list() throws -> FileList {
        try FileList(of: root(), DropIn(name: "", file: "", path: ""))
    }

    /// What is found out about each file, by its path.
    private func run<Examiner: FileExaminer>(
        _ examiner: Examiner, _ list: FileList, workers: Int = 2
    ) throws -> (found: [String: Examiner.Finding], progress: ReadingProgress) {
        var found: [String: Examiner.Finding] = [:]
        var last = ReadingProgress()
        try FileReading(list, in: root(), examiner).run(workers: workers) { progress, findings in
            #expect(progress.files >= last.files && progress.bytes >= last.bytes)
            last = progress
            for finding in findings {
                #expect(found.updateValue(finding.finding, forKey: finding.path.description) == nil)
            }
        }
        return (found, last)
    }

    // MARK: What is read

    @Test func listHasWhatAScanWouldShare() throws {
        for path in ["a", "sub/b", "sub/deep/c", ".hidden", "d.part", ".git/e", "sub/lost+found/f"] {
            try put(path, path)
        }
        try tree.symlink("link", to: "sub")
        try tree.fifo("fifo")
        try tree.socket("socket")
        let list = try list()
        #expect(list.files == 4)
        #expect(list.bytes == UInt64("a".count + "sub/b".count + "sub/deep/c".count + ".hidden".count))
        #expect(list.unreadable.isEmpty)
        #expect(try run(Naming(), list).found.keys.sorted() == [".hidden", "a", "sub/b", "sub/deep/c"])
    }

    @Test func eachOfManyFilesIsReadOnce() throws {
        var bytes: UInt64 = 0
        for number in 0..<3_000 {
            let text = String(repeating: "x", count: number % 50)
            try put("\(number % 7)/\(number % 3)/\(number)", text)
            bytes += UInt64(text.utf8.count)
        }
        let list = try list()
        #expect(list.batches.count >= 21)
        for workers in [1, 4] {
            let (found, progress) = try run(Naming(), list, workers: workers)
            #expect(found.count == 3_000)
            #expect(progress == ReadingProgress(files: 3_000, bytes: bytes))
        }
    }

    @Test func whatHasGoneMeanwhileIsNoFault() throws {
        for path in ["a", "sub/b", "gone/c", "becomes/d"] { try put(path, path) }
        let list = try list()
        try tree.remove("sub/b")
        try tree.remove("gone/c")
        try tree.remove("gone")
        try tree.remove("becomes/d")
        try tree.fifo("becomes/d")
        let (found, progress) = try run(Naming(), list)
        #expect(found == ["a": "a"])
        #expect(progress.files == 4)
    }

    @Test func fileThatIsYoungIsLookedAtLaterAndNotForEver() throws {
        for path in ["a", "b", "c"] { try put(path, path) }
        let examiner = Postponing(["a": 2, "b": 100])
        let (found, progress) = try run(examiner, list())
        #expect(found == ["a": "done", "b": "is being written", "c": "done"])
        #expect(progress.files == 3)
        #expect(examiner.calls.withLock { $0 } == ["a": 3, "b": 5, "c": 1])
    }

    // MARK: Scan and verify

    private func scan() throws -> [String: TreeScan.Finding] {
        var found: [String: TreeScan.Finding] = [:]
        try TreeScan.run(list(), in: root()) { _, findings in
            for finding in findings { found[finding.path.description] = finding.finding }
        }
        return found
    }

    private func verify() throws -> [String: TreeVerification.Finding] {
        var found: [String: TreeVerification.Finding] = [:]
        try TreeVerification.run(list(), in: root(), store: nil) { _, findings in
            for finding in findings { found[finding.path.description] = finding.finding }
        }
        return found
    }

    /// A mirror that belongs to root, as the packaged daemon sees it.
    @Test func storeOfTheDaemonIsVerifiedWhereThereAreNoAttributes() throws {
        let fixture = Fixture(place: .storeOnly, store: true)
        for name in ["sound", "rotten"] { fixture.tree.write(name, name) }
        fixture.scan()
        // While it runs, and has it open.
        let store = ChecksumStore(readOnly: fixture.state.path)
        let place = try Descriptor.open(fixture.tree.path, [.path, .directory])
        func verify() throws -> [String: TreeVerification.Finding] {
            var found: [String: TreeVerification.Finding] = [:]
            let list = try FileList(of: place, fixture.dropIn())
            try TreeVerification.run(
                list, in: Descriptor.open(fixture.tree.path, [.path, .directory]), store: store
            ) { _, findings in
                for finding in findings { found[finding.path.description] = finding.finding }
            }
            return found
        }
        #expect(try verify() == ["sound": .sound, "rotten": .sound])
        #expect(store.problem == nil)
        fixture.tree.write("new", "new")
        #expect(try verify()["new"] == .unstamped)
    }

    @Test func allNamesOfAFileAreStamped() throws {
        try put("a", "content")
        for number in 0..<20 { try tree.link("a", to: "\(number)") }
        let found = try scan()
        #expect(found.count == 21)
        #expect(found.values.contains { $0.stampedBytes == 7 })
        #expect(found.values.allSatisfy { $0 == .current || $0.stampedBytes == 7 })
        #expect(try tree.attribute("user.checksum.sha256", of: "a") == Digest(of: "content").hex)
        // What was stamped within a tick of the start of a scan is hashed once more.
        #expect(
            try (0..<100).contains { _ in
                usleep(20_000)
                return try scan().values.allSatisfy { $0 == .current }
            })
    }

    @Test func largeFileIsStampedAndReadAgain() throws {
        var generator = SeededGenerator(seed: 7)
        try tree.write("large", generator.bytes(5_000_001))
        try tree.setModified("large", DaemonSite.longAgo)
        #expect(try scan().mapValues(\.stampedBytes) == ["large": 5_000_001])
        #expect(
            try tree.attribute("user.checksum.sha256", of: "large") == tree.digest(of: "large").hex)
        #expect(try verify() == ["large": .sound])
        try tree.overwrite("large", at: 4_000_000, [0, 0, 0, 0, 0, 0, 0, 0])
        #expect(try verify() == ["large": .outdated])
        try tree.setModified("large", DaemonSite.longAgo)
        guard case .rotten(let recorded, let found) = try verify()["large"] else {
            Issue.record("not seen")
            return
        }
        #expect(recorded != found)
        #expect(found == (try tree.digest(of: "large")))
    }

    @Test func checksumOfTheStockDaemonIsNotBelievedAndStamped() throws {
        try put("a", "content")
        try tree.setAttribute("user.checksum.sha256", of: "a", Digest(of: "another").hex)
        #expect(try verify() == ["a": .outdated])
        #expect(try scan().mapValues(\.stampedBytes) == ["a": 7])
        #expect(try verify() == ["a": .sound])
    }
}

extension TreeScan.Finding {
    /// Nil for any other finding.
    fileprivate var stampedBytes: UInt64? {
        if case .stamped(let voucher) = self { return voucher.identity.size }
        return nil
    }
}

/// Finds the name of each file.
private struct Naming: FileExaminer {
    func examine(
        _ file: borrowing Descriptor, _ identity: FileIdentity, _ reader: FileReader
    ) throws(SystemError) -> Examination<String> {
        guard try reader.hash(file, identity) != nil else { return .changed }
        return .done(try file.currentPath().basename.description)
    }

    func failure(_ reason: String) -> String { reason }
}

/// Puts files off so many times.
private final class Postponing: FileExaminer {
    let calls = Lock<[String: Int]>([:])
    private let times: [String: Int]

    init(_ times: [String: Int]) {
        self.times = times
    }

    func examine(
        _ file: borrowing Descriptor, _ identity: FileIdentity, _ reader: FileReader
    ) throws(SystemError) -> Examination<String> {
        let name = try file.currentPath().basename.description
        let count = calls.withLock { calls in
            calls[name, default: 0] += 1
            return calls[name]!
        }
        return count > times[name, default: 0] ? .done("done") : .young(1_000_000)
    }

    func failure(_ reason: String) -> String { reason }
}
