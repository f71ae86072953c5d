import PassimCore
import PassimTestKit
import Testing

@testable import PassimSystem

/// Every typed call, and what becomes of each error: which are repeated, which are an answer, and that all others are
/// thrown with the call and the code. Rows are in `TypedCall+All`.
struct FaultTableTests {
    static let codes: [SystemError.Code] = [
        .interrupted, .again, .inputOutput, .noSpace, .tooManyFiles, .tooManyFilesInSystem, .outOfMemory,
        .stale,
        .readOnly, .accessDenied, .notConnected,
    ]

    @Test(arguments: TypedCall.all, codes)
    func errorIsRepeatedAnsweredOrThrown(row: TypedCall, code: SystemError.Code) throws {
        let run = try row.prepare(ScratchDirectory())
        let before = FaultPlan(row.before)
        let usual = try FaultPlan.$current.withValue(before) { try run() }
        let again = try row.prepare(ScratchDirectory())
        let plan = FaultPlan(row.before.merging([row.call: [code]]) { $1 })
        let result = FaultPlan.$current.withValue(plan) { () -> Result<String, any Error> in
            Result { try again() }
        }
        switch row.outcome(of: code) {
        case .repeated:
            #expect(try result.get() == usual)
            #expect(count(row.call, plan) == count(row.call, before) + 1)
        case .gives(let answer): #expect(try result.get() == answer)
        case .thrown:
            let error = #expect(throws: SystemError.self) { try result.get() }
            #expect(error?.code == code && error?.call == row.call)
        }
    }

    private func count(_ call: SystemCall, _ plan: FaultPlan) -> Int { plan.calls.count { $0 == call } }

    @Test func everyCallIsInTheTable() {
        let others: Set<SystemCall> = [
            // Answers with its code instead of setting errno: EAGAIN is all that can be had.
            .pthread_create,
            // Tells nothing of itself: whoever calls it asks what is (ActingUser).
            .setfsuid,
            // libinotifytools makes it (PassimMirror).
            .inotify_init,
        ]
        #expect(Set(TypedCall.all.map(\.call)).union(others) == Set(SystemCall.allCases))
    }

    // MARK: Short reads and writes

    @Test(arguments: [[1], [3, 1, 7], [4096]])
    func shortReadsAndWritesLoseNothing(sizes: [Int]) throws {
        let scratch = ScratchDirectory()
        let content = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 / 3) }
        let plan = FaultPlan(sizes: [.read: sizes, .write: sizes, .pread: sizes])
        try FaultPlan.$current.withValue(plan) {
            let path = try scratch.write("file", content)
            let file = try Descriptor.open(path, .readOnly)
            #expect(try file.readAll(limit: content.count) == content)
            #expect(try file.readAll(limit: content.count) == [])
            try replaceFile(path, with: content)
            #expect(try readFile(path, limit: content.count) == content)
            var piece = [UInt8](repeating: 0, count: 100)
            let count = try piece.withUnsafeMutableBytes { try file.read(into: $0, at: 50) }
            #expect(count == min(100, sizes[0]) && Array(piece[..<count]) == Array(content[50..<50 + count]))
        }
        #expect(plan.calls.count { $0 == .write } >= 10_000 / sizes.max()!)
    }

    @Test func writeThatTakesNothingIsAnErrorAndNoLoop() throws {
        let scratch = ScratchDirectory()
        let file = try Descriptor.open(scratch.path + "/file", [.writeOnly, .create])
        FaultPlan.$current.withValue(FaultPlan(sizes: [.write: [2, 0]])) {
            let error = #expect(throws: SystemError.self) { try file.writeAll([1, 2, 3]) }
            #expect(error == SystemError(code: .noSpace, call: .write))
        }
    }

    @Test func raceThatNeverEndsIsAnError() throws {
        let directory = try ScratchDirectory().open()
        let plan = FaultPlan([.openat2: Array(repeating: .again, count: 5000)])
        FaultPlan.$current.withValue(plan) {
            let error = #expect(throws: SystemError.self) {
                _ = try directory.open(beneath: RawName("x"), .readOnly)
            }
            #expect(error?.code == .again)
        }
    }
}
