import PassimCore
import PassimSystem
import Testing

@testable import PassimMirror

/// A table of watches over one temporary tree, driven by the test's own thread.
final class LiveTable {
    let tree = MirrorTree()
    let instance: InotifyInstance
    let table: WatchTable
    let origin = OriginID(1)
    let woken = Lock(0)

    init() throws {
        instance = try InotifyInstance()
        let woken = self.woken
        table = WatchTable(instance.inotify) { woken.withLock { $0 += 1 } }
    }

    deinit { table.close() }

    func open(_ path: String = "") -> OpenDirectory {
        // It is there: the test has made it.
        OpenDirectory(try! Descriptor.open(tree.child(path), [.readOnly, .directory]))
    }

    @discardableResult
    func enterRoot(_ path: String = "", of origin: OriginID? = nil) -> WatchTable.Entered {
        table.enter(open(path).descriptor, rootOf: origin ?? self.origin)
    }

    /// The directory of this path, below the node of the one above it.
    @discardableResult
    func enter(_ path: String, isSearchable: Bool = true) -> WatchTable.Entered {
        let path = RawName(path)
        let parent = table.find(origin, path.parent)!
        return table.enter(
            open(path.description).descriptor, path.basename, below: parent, isSearchable: isSearchable)
    }

    func node(_ path: String) -> WatchNode? { table.find(origin, RawName(path)) }

    /// Takes in what has happened.
    func readEvents(now: UInt64 = 0) {
        for _ in 0..<100_000 {
            guard let event = instance.next() else { return }
            table.take(event, now: now)
        }
    }

    /// What has been found since, by directory.
    func notes() -> [String: [String: NoteTable.Marks]] {
        var notes: [String: [String: NoteTable.Marks]] = [:]
        for note in table.takeFindings().notes {
            for (name, marks) in note.names {
                notes[note.path.description, default: [:]][name.description] = marks
            }
        }
        return notes
    }

    /// How many watches this process's instance has, as the kernel tells.
    func watchesOfTheKernel() -> Int {
        guard let file = try? Descriptor.open("/proc/self/fdinfo/\(instance.descriptor)", .readOnly),
            let text = try? file.readAll(limit: 1 << 20)
        else { return -1 }
        return String(decoding: text, as: UTF8.self).split(separator: "\n").count { $0.hasPrefix("inotify ") }
    }
}

extension WatchTable.Entered {
    var node: WatchNode? {
        switch self {
        case .known(let node), .new(let node): node
        case .gone: nil
        }
    }

    var isKnown: Bool {
        if case .known = self { true } else { false }
    }

    var isNew: Bool {
        if case .new = self { true } else { false }
    }
}
