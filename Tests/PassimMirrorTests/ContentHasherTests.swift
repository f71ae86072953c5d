import Glibc
import PassimCore
import PassimCrypto
import PassimSystem
import Testing

@testable import PassimMirror

@Suite struct ContentHasherTests {
    private func hash(
        _ tree: MirrorTree, _ name: String, buffer size: Int = 4096, goOn: (UInt64) -> Bool = { _ in true },
        progress: HashProgress? = nil
    ) throws -> ContentHasher.Outcome {
        let file = try Descriptor.open(tree.child(name), [.readOnly])
        let progress = try progress ?? HashProgress(file.status().identity)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
        defer { buffer.deallocate() }
        return try ContentHasher.hash(
            file, progress, buffer: buffer, goOn: goOn)
    }

    @Test(arguments: [0, 1, 4095, 4096, 4097, 8192, 100_000])
    func digestIsThatOfTheWholeContent(_ size: Int) throws {
        let tree = MirrorTree()
        let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        tree.write("a", content)
        #expect(try hash(tree, "a") == .digest(SHA256Hasher.digest(of: content)))
    }

    @Test(arguments: [1, 7, 4095])
    func readsThatGiveLessThanAskedForLoseNothing(_ size: Int) throws {
        let tree = MirrorTree()
        let content = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        tree.write("a", content)
        let plan = FaultPlan(sizes: [.pread: [size, 100, size]])
        let outcome = try FaultPlan.$current.withValue(plan) { try hash(tree, "a") }
        #expect(outcome == .digest(SHA256Hasher.digest(of: content)))
    }

    @Test func changeMeanwhileIsSeen() throws {
        let tree = MirrorTree()
        let content = [UInt8](repeating: 1, count: 10000)
        let changes: [(MirrorTree) -> Void] = [
            { $0.write("a", [UInt8](repeating: 2, count: 10000)) },
            { $0.write("a", [UInt8](repeating: 1, count: 5000)) },
            { $0.write("a", [UInt8](repeating: 1, count: 20000)) },
            { $0.write("a", []) },
            { $0.setModified("a", Timestamp(seconds: 5, nanoseconds: 0)) },
        ]
        for change in changes {
            tree.write("a", content)
            tree.setModified("a", Timestamp(seconds: 1_000_000_000, nanoseconds: 0))
            var changed = false
            let outcome = try hash(tree, "a") { _ in
                if !changed { change(tree) }
                changed = true
                return true
            }
            #expect(outcome == .changed)
        }
    }

    @Test func goesOnWhereItStopped() throws {
        let tree = MirrorTree()
        let content = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        tree.write("a", content)
        let progress = HashProgress(tree.identity("a"))
        #expect(try hash(tree, "a", goOn: { $0 < 8192 }, progress: progress) == .more)
        #expect(progress.offset == 8192)
        #expect(try hash(tree, "a", progress: progress) == .digest(SHA256Hasher.digest(of: content)))
    }

    /// Sixteen tebibytes of nothing would be read for hours.
    @Test func holesAreHashedAndNotRead() throws {
        let tree = MirrorTree()
        tree.makeSparse("a", size: 64 << 20)
        let content = [UInt8](repeating: 7, count: 5_000)
        let file = try Descriptor.open(tree.child("a"), [.writeOnly])
        try file.lend { number in
            let count = content.withUnsafeBytes { pwrite(number, $0.baseAddress, $0.count, 32 << 20) }
            #expect(count == content.count)
        }
        let plan = FaultPlan([:])
        let outcome = try FaultPlan.$current.withValue(plan) { try hash(tree, "a", buffer: 1 << 20) }
        var whole = [UInt8](repeating: 0, count: 64 << 20)
        whole.replaceSubrange(32 << 20..<(32 << 20) + content.count, with: content)
        #expect(outcome == .digest(SHA256Hasher.digest(of: whole)))
        #expect(plan.calls.count { $0 == .pread } <= 2)
    }

    @Test func readErrorIsThrown() throws {
        let tree = MirrorTree()
        tree.write("a", [UInt8](repeating: 1, count: 10000))
        let faults = FaultPlan([.pread: [nil, .inputOutput]])
        FaultPlan.$current.withValue(faults) {
            #expect(throws: SystemError.self) { try hash(tree, "a") }
        }
    }
}
