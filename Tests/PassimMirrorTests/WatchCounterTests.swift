import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimMirror

/// Counts of walks: who keeps causing them reaches 2^32 in hours.
struct WatchCounterTests {
    @Test func countsGoOnPast32Bits() throws {
        let tree = try TemporaryTree()
        let table = WatchTable(nil)
        table.state.withLock { state in
            state.stamp = .init(UInt32.max)
            state.round = .init(UInt32.max)
        }
        #expect(table.beginWalk() > UInt32.max)
        _ = try table.follow(tree.path, .dropIns, by: PathWalk(PrivateDirectories()), content: true)
        let directory = try Descriptor.open(tree.path, [.path, .directory])
        guard case .new(let node) = table.enter(directory, rootOf: OriginID(1)) else {
            Issue.record("known")
            return
        }
        // What was entered in the walk of before is not there any more.
        table.sweep(OriginID(1), .empty, before: table.beginWalk())
        #expect(table.mark(of: node) == nil)
    }
}
