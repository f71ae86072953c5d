import Glibc
import PassimCore
import PassimCrypto
import PassimIndex
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimPublish

/// A clock that a test moves; it starts with the machine's, as files have its times.
final class TestClock: Sendable {
    private let ahead = Lock(Int64(0))
    private let steps = Lock(Int64(0))
    private let creeping = Lock(Int64(0))

    func advance(seconds: Int64) {
        ahead.withLock { $0 += seconds }
    }

    /// Sets the time of day, while no more time passes than it does.
    func setTimeOfDay(by seconds: Int64) {
        steps.withLock { $0 += seconds }
    }

    /// Has time pass with each look at it.
    func creep(seconds: Int64) {
        creeping.withLock { $0 = seconds }
    }

    var clock: TimeSource {
        TimeSource(
            now: { [self] in
                var now = wallClock()
                now.seconds += ahead.withLock { $0 } + steps.withLock { $0 }
                return now
            },
            monotonic: { [self] in passed() },
            boot: { [self] in
                advance(seconds: creeping.withLock { $0 })
                return passed()
            })
    }

    private func passed() -> UInt64 {
        monotonicNanoseconds() + UInt64(ahead.withLock { max(0, $0) }) * 1_000_000_000
    }
}

/// A store with a directory of its own, worked by the test's thread.
final class Fixture: Sendable {
    let tree: TemporaryTree
    let index = DigestIndex()
    let clock: TestClock
    let log = RecordedLog()
    private let heard: Lock<[StoreEvent]>
    let store: ItemStore

    static let bootTime = "1700000000"

    init(
        tree: TemporaryTree? = nil, directory: String = "var/data", maxItemSize: UInt64 = 1 << 20,
        bootTime: String? = Fixture.bootTime, clock: TestClock = TestClock(),
        limits: PublishLimits = PublishLimits(), remembers: Bool = false
    ) throws {
        let tree = try tree ?? TemporaryTree()
        let heard = Lock<[StoreEvent]>([])
        self.tree = tree
        self.heard = heard
        self.clock = clock
        store = ItemStore(
            directory: tree.absolute(directory), stateFile: tree.absolute("var/share-counts"),
            digestFile: remembers ? tree.absolute("var/item-digests") : nil, index: index,
            maxItemSize: maxItemSize, bootTime: bootTime, logger: log.logger, clock: clock.clock,
            limits: limits, onEvent: { event in heard.withLock { $0.append(event) } })
    }

    /// Another process over the same directory, which has loaded it.
    func restarted(bootTime: String? = Fixture.bootTime, remembers: Bool = false) throws -> Fixture {
        let next = try Fixture(tree: tree, bootTime: bootTime, clock: clock, remembers: remembers)
        next.store.load()
        return next
    }

    var events: [StoreEvent] { heard.withLock { $0 } }

    /// What is in the directory of items; nothing where it does not exist.
    var names: [RawName] { (try? tree.list("var/data")) ?? [] }

    /// What the store's thread does when it is woken.
    @discardableResult
    func turn() -> UInt64? {
        StoreWorker(store: store).turn()
    }

    @discardableResult
    func publish(
        _ text: String, as name: String = "file", lifetime: Lifetime = Lifetime(), shareCount: UInt32 = 0,
        flags: ItemFlags = []
    ) throws -> ItemDescription {
        let request = PublishRequest(
            filename: RawName(name), cmdline: "tests", lifetime: lifetime, shareCount: shareCount,
            flags: flags)
        let content = try memoryFile(text)
        return try store.publish(request, from: content)
    }

    func entry(_ text: String) throws -> Entry {
        try #require(index.find(digest(text)))
    }

    /// As the stock daemon leaves it, or somebody by hand.
    func place(_ name: String, _ text: String) throws {
        try tree.write("var/data/\(name)", text)
    }

    func setNumber(_ attribute: StaticString, of name: String, _ number: UInt32) throws {
        let file = try Descriptor.open(tree.absolute("var/data/\(name)"), .readOnly)
        try file.setAttribute(attribute, withUnsafeBytes(of: number) { Array($0) })
    }

    /// All that is shared is whole, and under its true digest; and store and index agree.
    func isConsistent() throws -> Bool {
        let page = index.page(offset: 0, limit: .max, filter: nil)
        guard Set(page.items.map(\.entry.digest)) == Set(store.items.map(\.digest)) else { return false }
        return try page.items.allSatisfy { item in
            let bytes = try tree.read(RawName("var/data").appending(item.path))
            let file = try Descriptor.open(tree.absolute("var/data/\(item.path)"), .readOnly)
            return try SHA256Hasher.digest(of: bytes) == item.entry.digest
                && file.status().identity == item.entry.identity
        }
    }
}

func digest(_ text: String) -> Digest { SHA256Hasher.digest(of: Array(text.utf8)) }

/// memfd_create(2), which glibc declares only under _GNU_SOURCE; at its beginning.
func memoryFile(_ text: String) throws -> Descriptor {
    typealias Create = @convention(c) (UnsafePointer<CChar>, CUnsignedInt) -> CInt
    let symbol = try #require(dlsym(dlopen(nil, RTLD_NOW), "memfd_create"))
    let number = unsafeBitCast(symbol, to: Create.self)("content", 1)
    try #require(number >= 0)
    let file = Descriptor(owning: number)
    try file.writeAll(Array(text.utf8))
    lseek(number, 0, SEEK_SET)
    return file
}

/// Both ends of a pipe.
func makePipe() throws -> (reader: CInt, writer: CInt) {
    var ends: [CInt] = [0, 0]
    try #require(pipe(&ends) == 0)
    return (ends[0], ends[1])
}

extension ItemStore {
    /// As the server does with a download of the whole file.
    func begin(_ entry: Entry) -> Bool { begin(entry, bytes: entry.identity.size) }

    func giveBack(_ entry: Entry) { _ = end(delivery(of: entry, sent: 0, of: entry.identity.size)) }

    @discardableResult
    func complete(_ entry: Entry) -> Bool {
        end(delivery(of: entry, sent: entry.identity.size, of: entry.identity.size))
    }
}

func delivery(of entry: Entry, sent: UInt64, of reserved: UInt64) -> Delivery {
    Delivery(
        entry: entry, filename: RawName("file"), address: IPAddress(ipv4: 0xC000_0201), reserved: reserved,
        sent: sent, isComplete: sent == reserved)
}
