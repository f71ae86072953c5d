import Glibc
import PassimConfig
import PassimCore
import PassimIndex
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimMirror

/// Everything that needs the inotify instance, of which a process has one: one test after the other.
@Suite(.serialized) struct LiveTests {}

/// A mirror that watches one temporary tree on threads of its own.
final class LiveFixture: Sendable {
    let tree = MirrorTree()
    let index = DigestIndex()
    let log = RecordedLog()
    let mirror: PassimMirror.Mirror
    /// Change batches that the index has told of.
    let batches = Lock(0)
    private let subscription: Subscription

    /// - Parameter isStarted: else the test's own thread does the work, with `turn` and `drain`.
    init(isStarted: Bool = true) throws {
        mirror = Mirror(
            index: index, store: nil, place: .attributes, logger: log.logger, workers: 2)
        let batches = self.batches
        subscription = index.subscribe { _ in batches.withLock { $0 += 1 } }
        mirror.watch()
        if isStarted { try mirror.start() }
    }

    /// Ends the threads; the next test may have the instance then.
    func stop() {
        mirror.stop()
        subscription.cancel()
    }

    /// Does all that there is to do now, and not what is due later.
    func drain() {
        let worker = Worker(mirror)
        while worker.turn() {}
        worker.rest()
    }

    /// Waits until the watcher has found something to do, and it is due.
    func waitForWork() -> Bool {
        eventually { mirror.nextDue.map { $0 <= monotonicNanoseconds() } ?? false }
    }

    /// Whether the watcher has told of a name that nobody has looked at yet.
    func isMarked(_ name: String, in directory: String, of origin: MirrorOrigin) -> Bool {
        mirror.look { state in
            guard let origin = state.origins.first(where: { $0.id == origin.id }) else { return false }
            return state.find(origin, RawName(directory))?.names[RawName(name)]?.isDirty ?? false
        }
    }

    func entry(_ path: String) -> Entry? {
        known().values.compactMap { $0[RawName(path)] }.first
    }

    /// Directories that are watched.
    var watchCount: Int { mirror.look { $0.watches.count } }

    func dropIn(_ name: String, _ path: String = "") -> DropIn {
        DropIn(name: name, file: "/etc/passim.d/" + name, path: path.isEmpty ? tree.path : tree.child(path))
    }

    /// Shares the tree, or these drop-ins.
    @discardableResult
    func share(_ dropIns: [DropIn]? = nil) -> [MirrorOrigin] {
        mirror.replaceDropIns(dropIns ?? [dropIn("a.conf")])
    }

    /// What is known, by origin and path. A file that moves while this is read may be here twice or not at all.
    func known() -> [OriginID: [RawName: Entry]] {
        var found: [OriginID: [RawName: Entry]] = [:]
        var after: EntryID?
        repeat {
            let (items, next) = index.page(after: after, limit: 4096)
            for item in items { found[item.entry.origin, default: [:]][item.path] = item.entry }
            after = next
        } while after != nil
        return found
    }

    /// Waits until a second name of a file has been looked at: one that is gone before has moved the ctime of the
    /// first, and nothing tells of it.
    func waitForLink(_ path: String) {
        guard let file = try? Descriptor.open(path, [.path, .noFollow]), let status = try? file.status()
        else {
            return
        }
        let inode = status.identity.inode
        let name = RawName(path).basename
        _ = eventually(seconds: 5) {
            let isOutside = mirror.look { state in
                state.origins.contains { origin in
                    origin.root.map { $0.isOutside(name, inode) } ?? false
                }
            }
            return isOutside
                || index.entries(ofInodes: [inode]).contains { index.path(of: $0)?.basename == name }
        }
    }

    /// Has the watcher told that events were lost.
    func loseEvents() {
        mirror.change { state, now in
            state.take(InotifyEvent(watch: -1, mask: .overflow, name: nil), now: now)
        }
    }

    /// Waits until the index is what a fresh scan would make of it.
    ///
    /// - Returns: what is different at the end; nil where nothing is.
    func settle(_ origins: [MirrorOrigin], seconds: Double = 60) -> String? {
        var difference: String?
        _ = eventually(seconds: seconds) {
            difference = differenceNow(origins)
            return difference == nil
        }
        return difference
    }

    private func differenceNow(_ origins: [MirrorOrigin]) -> String? {
        let known = known()
        if let stranger = known.keys.first(where: { id in !origins.contains { $0.id == id } }) {
            return "origin \(stranger.number) is still there"
        }
        for origin in origins {
            let scan = FreshScan(origin.dropIn)
            let entries = known[origin.id] ?? [:]
            let names = Set(scan.files.keys).union(entries.keys).sorted()
            for name in names {
                let place = "\(origin.dropIn.name): \(name)"
                guard let entry = entries[name] else {
                    return "\(place) is not known: \(describe(origin.id, name))"
                }
                guard let identity = scan.files[name] else {
                    return "\(place) should not be known: \(describe(origin.id, name))"
                }
                if entry.identity != identity { return "\(place) is \(identity), not \(entry.identity)" }
            }
            for name in names where scan.digest(of: name) != entries[name]!.digest {
                return "\(origin.dropIn.name): \(name) has another digest"
            }
        }
        return nil
    }

    /// What the mirror holds of a path, for the report.
    func describe(_ origin: OriginID, _ path: RawName) -> String {
        let found = mirror.look { state -> String in
            guard let origin = state.origins.first(where: { $0.id == origin }) else { return "no origin" }
            guard let node = state.find(origin, path.parent) else { return "no directory" }
            return "watch \(node.watch), due \(node.whole), busy \(node.isBusy), "
                + "name \(node.names[path.basename].map { "\($0)" } ?? "settled")"
        }
        return
            "\(found), due \(mirror.nextDue != nil), statuses \(mirror.statuses), "
            + "warnings \(log.warnings.suffix(5))"
    }

    /// Waits until nothing waits and nothing is worked on any more: no change of the counters for a while.
    func waitUntilIdle(seconds: Double = 60) -> Bool {
        var last = mirror.counters
        var since = monotonicNanoseconds()
        return eventually(seconds: seconds) {
            let now = mirror.counters
            if now != last || mirror.statuses.contains(where: { $0.pendingFiles > 0 }) {
                last = now
                since = monotonicNanoseconds()
            }
            return monotonicNanoseconds() - since > 300_000_000
        }
    }
}

extension Node {
    /// Whether a name is left out by the drop-in here or below, and known to lead to this file.
    fileprivate func isOutside(_ name: RawName, _ inode: UInt64) -> Bool {
        outside[name] == inode || children.values.contains { $0.isOutside(name, inode) }
    }
}

/// Asks again and again, for as long as it takes or may take.
func eventually(seconds: Double = 60, _ condition: () -> Bool) -> Bool {
    let deadline = monotonicNanoseconds() + UInt64(seconds * 1e9)
    while true {
        if condition() { return true }
        if monotonicNanoseconds() >= deadline { return false }
        usleep(10_000)
    }
}
