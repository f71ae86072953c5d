import PassimCore
import PassimIndex
import Testing

/// The index against dictionaries: random operations, replayed by their seed.
struct ModelTests {
    @Test(arguments: [1, 2, 3, 4])
    func indexAgreesWithASimpleModel(seed: UInt64) {
        let run = ModelRun(seed: seed)
        for step in 0..<3_000 {
            run.step()
            if step % 250 == 0 { run.compareAll() }
            if run.hasFailed {
                Issue.record("seed \(seed), step \(step): \(run.history.suffix(5).map { $0() })")
                return
            }
        }
        run.compareAll()
        run.finish()
    }
}

private final class ModelRun {
    struct Place: Hashable {
        var origin: OriginID
        var path: RawName
        var name: RawName
    }

    struct Content {
        var digest: Digest
        var identity: FileIdentity
        var flags: ItemFlags
    }

    struct OpenVisit {
        var id: VisitID
        var origin: OriginID
        var path: RawName
        /// Names that it has met.
        var met: Set<RawName> = []
        /// Another has begun since, or the directory was forgotten.
        var isVoid = false
    }

    private let index: DigestIndex
    private var random: SeededGenerator
    private var model: [Place: Content] = [:]
    private var visits: [OpenVisit] = []
    private var heldIDs: [OriginID: [RawName: DirectoryID]] = [:]
    private var heldEntries: [Entry] = []
    private var sequence: UInt64 = 0
    private let told = Lock<[Batch]>([])
    private let subscription: Subscription
    /// What the last steps were; told only where something is wrong.
    private(set) var history: [() -> String] = []
    private(set) var hasFailed = false

    private static let paths = [
        "", "a", "a/b", "a/b/c", "a/bc", "ab", "ab/x/y/z", "c", "c/\u{1}", "c/ü",
        "c/\(String(repeating: "n", count: 255))",
    ].map { RawName($0) }

    init(seed: UInt64) {
        var limits = IndexLimits()
        limits.piece = 7
        limits.retiredDirectories = 3
        limits.filesPerShard = 128
        limits.directories = 64
        index = DigestIndex(limits: limits)
        random = SeededGenerator(seed: seed)
        subscription = index.subscribe { [told] batch in told.withLock { $0.append(batch) } }
    }

    func finish() { subscription.cancel() }

    private func expect(_ condition: Bool, _ what: @autoclosure () -> String) {
        if !condition {
            hasFailed = true
            Issue.record("\(what())")
        }
    }

    // MARK: - Choosing

    private func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private func somePlace() -> Place {
        return Place(
            origin: OriginID(UInt32.random(in: 1...3, using: &random)),
            path: ModelRun.paths.randomElement(using: &random)!,
            name: RawName("n\(Int.random(in: 0..<10, using: &random))"))
    }

    private func someDigest() -> Digest {
        let number = Int.random(in: 0..<60, using: &random)
        return number < 20 ? .makeColliding(number) : .make(number)
    }

    private func someIdentity() -> FileIdentity {
        let seconds: [Int64] = [0, 1 << 34, -62_135_596_800, 253_402_300_799, 1_700_000_000]
        let time = Timestamp(
            seconds: seconds.randomElement(using: &random)!,
            nanoseconds: UInt32.random(in: 0..<3, using: &random))
        return FileIdentity(
            device: UInt64.random(in: 0..<3, using: &random), inode: UInt64.random(in: 0..<4, using: &random),
            size: UInt64.random(in: 0..<3, using: &random) &* 0x5555_5555_5555_5555, modified: time,
            changed: time)
    }

    /// Asked for now, or held from before.
    private func directory(_ place: Place) -> DirectoryID {
        if chance(50), let held = heldIDs[place.origin]?[place.path] { return held }
        let id = index.directory(origin: place.origin, path: place.path)
        heldIDs[place.origin, default: [:]][place.path] = id
        return id
    }

    // MARK: - Steps

    func step() {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<60: change()
        case 60..<70: beginVisit()
        case 70..<88: lookDuringVisit()
        case 88..<96: endVisit()
        case 96..<99: removeBelow(ModelRun.paths.randomElement(using: &random)!)
        default: if chance(20) { removeBelow(.empty) }
        }
    }

    private func change() {
        let before = digests
        var changes: [Change] = []
        var refusable: Set<Int> = []
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let place = somePlace()
            let directory = directory(place)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<6:
                let content = Content(
                    digest: someDigest(), identity: someIdentity(),
                    flags: chance(30) ? .disabled : [])
                // An ID that is still good has the path that it was given for.
                let isGood = index.directory(origin: place.origin, path: place.path) == directory
                if !isGood { refusable.insert(changes.count) } else { enter(content, at: place) }
                changes.append(
                    .insert(
                        directory: directory, name: place.name, digest: content.digest,
                        identity: content.identity, flags: content.flags))
            case 6..<8:
                model[place] = nil
                // Files keep their directory, so the ID asked for now is the one that counts.
                changes.append(
                    .remove(
                        directory: index.directory(origin: place.origin, path: place.path), name: place.name))
            default:
                // A drop goes alone: what it does depends on what is there when it is its turn.
                if changes.isEmpty {
                    drop()
                    return
                }
            }
        }
        history.append { "\(changes)" }
        let batch = index.apply(changes)
        expect(Set(batch.refused) == refusable, "refused \(batch.refused), not \(refusable)")
        check(batches: [batch], before: before)
    }

    private func drop() {
        let before = digests
        if let entry = index.find(someDigest()) { heldEntries.append(entry) }
        guard let entry = heldEntries.randomElement(using: &random) else { return }
        history.append { "drop \(entry)" }
        for (place, content) in model
        where content.digest == entry.digest && content.identity == entry.identity {
            let current = index.entry(
                directory: index.directory(origin: place.origin, path: place.path), name: place.name)
            if current?.id == entry.id, current?.directory == entry.directory { model[place] = nil }
        }
        check(batches: [index.apply([.drop(entry)])], before: before)
    }

    /// Whatever comes during a visit counts as met.
    private func enter(_ content: Content, at place: Place) {
        model[place] = content
        for number in visits.indices where visits[number].origin == place.origin {
            if visits[number].path == place.path, isGood(number) { visits[number].met.insert(place.name) }
        }
    }

    private func isGood(_ number: Int) -> Bool {
        let visit = visits[number]
        if index.directory(origin: visit.origin, path: visit.path) != visit.id.directory {
            visits[number].isVoid = true
        }
        return !visits[number].isVoid
    }

    private func beginVisit() {
        let place = somePlace()
        let directory = index.directory(origin: place.origin, path: place.path)
        for number in visits.indices where visits[number].id.directory == directory {
            visits[number].isVoid = true
        }
        history.append { "visit \(place.origin) \(place.path)" }
        visits.append(OpenVisit(id: index.beginVisit(directory), origin: place.origin, path: place.path))
    }

    private func lookDuringVisit() {
        guard let number = visits.indices.randomElement(using: &random) else { return }
        let isGood = isGood(number)
        let visit = visits[number]
        let isForgotten = index.directory(origin: visit.origin, path: visit.path) != visit.id.directory
        let places = (0..<Int.random(in: 0..<12, using: &random)).map {
            Place(origin: visit.origin, path: visit.path, name: RawName("n\($0)"))
        }
        history.append { "look during \(visit)" }
        if chance(30) {
            index.markSeen(visit.id, names: places.map(\.name))
            if isGood { visits[number].met.formUnion(places.filter { model[$0] != nil }.map(\.name)) }
            return
        }
        var files: [(name: RawName, identity: FileIdentity)] = []
        var expected: [Bool] = []
        for place in places {
            let identity = chance(70) ? model[place]?.identity ?? someIdentity() : someIdentity()
            files.append((place.name, identity))
            expected.append(!isForgotten && model[place]?.identity == identity)
            if isGood, expected.last == true { visits[number].met.insert(place.name) }
        }
        let known = index.see(visit.id, files: files)
        expect(known == expected, "see says \(known), not \(expected)")
    }

    private func endVisit() {
        guard let number = visits.indices.randomElement(using: &random) else { return }
        let isGood = isGood(number)
        let visit = visits.remove(at: number)
        let sweeping = chance(80)
        history.append { "end \(visit), sweeping \(sweeping)" }
        let before = digests
        let swept = model.keys.filter { place in
            isGood && sweeping && place.origin == visit.origin && place.path == visit.path
                && !visit.met.contains(place.name)
        }
        for place in swept { model[place] = nil }
        let count = index.endVisit(visit.id, sweeping: sweeping)
        expect(count == swept.count, "\(count) swept by a visit, not \(swept.count)")
        check(batches: nil, before: before)
    }

    private func removeBelow(_ path: RawName) {
        let before = digests
        let origin = OriginID(UInt32.random(in: 1...3, using: &random))
        history.append { "remove below \(origin) \(path)" }
        let going = model.keys.filter { place in
            place.origin == origin
                && (path.isEmpty || place.path == path || place.path.bytes.starts(with: path.bytes + [0x2F]))
        }
        let parked = going.compactMap { model[$0]?.digest }
        for place in going { model[place] = nil }
        var told: [Digest] = []
        let count: Int
        if chance(50) {
            count = index.removeAll(origin: origin, below: path) { told.append($1) }
            expect(
                told.count == parked.count && Set(told) == Set(parked), "told of \(told), not of \(parked)")
        } else {
            count = index.removeAll(origin: origin, below: path)
        }
        expect(count == going.count, "\(count) removed, not \(going.count)")
        check(batches: nil, before: before)
    }

    // MARK: - Comparing

    private var digests: Set<Digest> { Set(model.values.map(\.digest)) }

    /// - Parameter batches: what `apply` returned; nil for a sweep, which makes any number.
    private func check(batches returned: [Batch]?, before: Set<Digest>) {
        let batches = told.withLock { told in
            defer { told = [] }
            return told
        }
        for batch in batches {
            sequence += 1
            expect(batch.sequence == sequence, "batch \(batch.sequence) after \(sequence - 1)")
        }
        if let returned, let last = returned.last {
            expect(last.sequence == sequence, "returned batch \(last.sequence), told \(sequence)")
            expect(batches.count <= 1, "\(batches.count) batches for one")
        }
        let appeared = batches.flatMap(\.appeared)
        let vanished = batches.flatMap(\.vanished)
        let after = digests
        expect(
            appeared.count == Set(appeared).count && Set(appeared) == after.subtracting(before),
            "appeared \(appeared)")
        expect(
            vanished.count == Set(vanished).count && Set(vanished) == before.subtracting(after),
            "vanished \(vanished)")
        for batch in batches {
            expect(
                Set(batch.altered).isDisjoint(with: batch.appeared + batch.vanished)
                    && batch.altered.count == Set(batch.altered).count,
                "altered \(batch.altered)")
        }
    }

    func compareAll() {
        var enabled: Set<Digest> = []
        var sums: [OriginID: (files: Int, bytes: UInt128)] = [:]
        for (place, content) in model {
            let directory = index.directory(origin: place.origin, path: place.path)
            guard let entry = index.entry(directory: directory, name: place.name) else {
                expect(false, "\(place) is missing")
                return
            }
            expect(
                entry.digest == content.digest && entry.identity == content.identity
                    && entry.flags == content.flags && entry.origin == place.origin,
                "\(entry) for \(place), \(content)")
            expect(index.path(of: entry) == place.path.appending(place.name), "path of \(place)")
            if content.flags.isEmpty { enabled.insert(content.digest) }
            sums[place.origin, default: (0, 0)].files += 1
            sums[place.origin, default: (0, 0)].bytes += UInt128(content.identity.size)
        }
        let digests = digests
        for number in 0..<60 {
            for digest in [Digest.make(number), .makeColliding(number)] {
                let found = index.find(digest)
                expect((found != nil) == digests.contains(digest), "find \(digest)")
                if let found, enabled.contains(digest) {
                    expect(found.flags.isEmpty, "disabled one preferred")
                }
            }
        }
        for number in UInt32(1)...3 {
            let totals = index.totals(origin: OriginID(number))
            let sum = sums[OriginID(number)] ?? (0, 0)
            expect(totals == (sum.files, UInt64(clamping: sum.bytes)), "totals of \(number): \(totals)")
        }
        expect(index.count == model.count, "count \(index.count)")
        expect(index.digestCount == digests.count, "digestCount \(index.digestCount)")
        var listed: [Item] = []
        var next: EntryID?
        repeat {
            let page = index.page(after: next, limit: 17)
            listed += page.items
            next = page.next
        } while next != nil
        let places = listed.map {
            Place(origin: $0.entry.origin, path: $0.path.parent, name: $0.path.basename)
        }
        expect(places.count == model.count && Set(places) == Set(model.keys), "listing")
        expect(index.page(offset: 0, limit: .max, filter: nil).items == listed, "page")
    }
}
