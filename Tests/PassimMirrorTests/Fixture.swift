import Logging
import PassimConfig
import PassimCore
import PassimIndex
import PassimSystem
import PassimTestKit

@testable import PassimMirror

/// A clock that a test moves. It starts ten seconds ahead, so that files written now are old enough.
final class TestClock: Sendable {
    private let state = Lock((ahead: Int64(10), monotonic: UInt64(1_000_000_000)))
    /// Called each time somebody looks at the time of day.
    let onLook = Lock<(@Sendable () -> Void)?>(nil)

    func advance(seconds: Double) {
        state.withLock { state in
            state.ahead += Int64(seconds)
            state.monotonic += UInt64(seconds * 1e9)
        }
    }

    /// Time of day relative to the machine's, in seconds.
    func set(ahead: Int64) {
        state.withLock { $0.ahead = ahead }
    }

    var monotonic: UInt64 { state.withLock { $0.monotonic } }

    var clock: TimeSource {
        TimeSource(
            now: { [self] in
                onLook.withLock { $0 }?()
                var now = wallClock()
                now.seconds += state.withLock { $0.ahead }
                return now
            },
            monotonic: { [self] in state.withLock { $0.monotonic } })
    }
}

/// A mirror over one temporary tree, driven by the test's own thread.
final class Fixture {
    let tree: MirrorTree
    let state = MirrorTree()
    let index = DigestIndex()
    let clock = TestClock()
    let log = RecordedLog()
    let mirror: Mirror
    var origins: [MirrorOrigin] = []

    deinit {
        // What a test hooked in knows the mirror, which knows the clock.
        clock.onLook.withLock { $0 = nil }
    }

    /// - Parameter ahead: seconds that the clock is ahead of the machine's.
    /// - Parameter old: old stamps are believed of files that are older than the first of these.
    init(
        tree: MirrorTree = MirrorTree(), place: ChecksumPlace = .attributes, store: Bool = false,
        old: Bool = false, ahead: Int64 = 10
    ) {
        self.tree = tree
        clock.set(ahead: ahead)
        mirror = Mirror(
            index: index,
            store: store
                ? ChecksumStore(directory: state.path, logger: log.logger, clock: clock.clock) : nil,
            place: place,
            epoch: old ? ChecksumEpoch(directory: state.path, clock: clock.clock) : nil, logger: log.logger,
            clock: clock.clock)
    }

    /// With the store of another one.
    init(after other: Fixture, place: ChecksumPlace = .attributes, old: Bool = false) {
        tree = other.tree
        mirror = Mirror(
            index: index,
            store: ChecksumStore(directory: other.state.path, logger: log.logger, clock: clock.clock),
            place: place,
            epoch: old ? ChecksumEpoch(directory: other.state.path, clock: clock.clock) : nil,
            logger: log.logger, clock: clock.clock)
    }

    func dropIn(_ name: String = "a.conf", _ path: String? = nil) -> DropIn {
        DropIn(name: name, file: "/etc/passim.d/" + name, path: path ?? tree.path)
    }

    /// Shares the tree and works until there is nothing to do.
    func scan(_ dropIns: [DropIn]? = nil) {
        origins = mirror.replaceDropIns(dropIns ?? [dropIn()])
        drain()
    }

    func rescan() {
        mirror.rescanAll()
        drain()
    }

    func recheck(_ path: String) {
        mirror.recheck(origin: origins[0].id, path: RawName(path))
        drain()
    }

    func drain() {
        let worker = Worker(mirror)
        while worker.turn() {}
        worker.rest()
    }

    func entry(_ path: String) -> Entry? { entry(RawName(path)) }

    func entry(_ path: RawName) -> Entry? {
        let directory = index.directory(origin: origins[0].id, path: path.parent)
        return index.entry(directory: directory, name: path.basename)
    }

    var counters: MirrorCounters { mirror.counters }
    var status: DirectoryStatus { mirror.statuses[0] }
}
