package import Logging
package import PassimCore
package import PassimIndex
package import PassimSystem

/// The published items: files of one directory, shared under the digest of their content until they are old
/// enough, downloaded often enough, or withdrawn.
///
/// A file is an item once it has its name, and it has its name once all of it is on the disk: a crash leaves a
/// whole item, or something that the next `load` removes.
///
/// A thread that adds or removes a content locks its digest first and does its I/O under that lock; the
/// lock of `published` is taken inside, for moments, and alone by serving threads.
package final class ItemStore: Sendable {
    /// Absolute.
    package let directory: String
    let stateFile: String
    let memory: DigestMemory?
    let index: DigestIndex
    let bootTime: String?
    let logger: Logger
    let clock: TimeSource
    let limits: PublishLimits
    let onEvent: @Sendable (StoreEvent) -> Void

    let published = Lock(PublishedItems())
    let locks = DigestLocks()
    let drafts = DraftNames()
    /// Rung when there is something for the store's thread.
    let eventCount = EventCount()
    private let life = Lock(Life())

    private struct Life {
        var maxItemSize: UInt64 = 0
        var isStopping = false
        /// Nothing is published any more.
        var isClosed = false
        var thread: SystemThread?
    }

    /// - Parameter directory: made when the first item is published.
    /// - Parameter stateFile: where share counts are kept, in another directory.
    /// - Parameter digestFile: where digests are remembered, in a directory that nobody else writes to; nil: all items
    ///   are read at each start.
    /// - Parameter bootTime: `btime` of /proc/stat; nil: nothing can be published for the next boot.
    /// - Parameter maxItemSize: bytes; 0: nothing can be published.
    /// - Parameter onEvent: called on the thread that did it; may look at items, but not publish or withdraw.
    package init(
        directory: String, stateFile: String, digestFile: String? = nil, index: DigestIndex,
        maxItemSize: UInt64, bootTime: String?,
        logger: Logger, clock: TimeSource = .system, limits: PublishLimits = PublishLimits(),
        onEvent: @escaping @Sendable (StoreEvent) -> Void = { _ in }
    ) {
        self.directory = directory
        self.stateFile = stateFile
        memory = digestFile.map { DigestMemory(path: $0) }
        self.index = index
        self.bootTime = bootTime
        self.logger = logger
        self.clock = clock
        self.limits = limits
        self.onEvent = onEvent
        life.withLock { $0.maxItemSize = maxItemSize }
    }

    /// Bytes; 0: nothing can be published. Holds for what is published from now on.
    package var maxItemSize: UInt64 {
        get { life.withLock { $0.maxItemSize } }
        set { life.withLock { $0.maxItemSize = newValue } }
    }

    /// All items, those published last first.
    package var items: [ItemDescription] {
        let items = published.withLock { Array($0.items.values) }
        return items.sorted { ($1.made, $1.name) < ($0.made, $0.name) }.map(\.description)
    }

    package func item(_ digest: Digest) -> ItemDescription? {
        published.withLock { $0[digest]?.description }
    }

    /// The item that an entry of the index is; nil for files of directories.
    package func item(_ entry: Entry) -> ItemDescription? {
        entry.origin == .published ? item(entry.digest) : nil
    }

    // MARK: - Life

    /// Begins to delete what is due and to save share counts; after `load`.
    package func start() throws(SystemError) {
        let thread = try SystemThread(name: "published") { [self] in
            let worker = StoreWorker(store: self)
            while true {
                let ticket = eventCount.ticket()
                let wait = worker.turn()
                if isStopping { return }
                eventCount.wait(after: ticket, until: wait.map { monotonicNanoseconds() + $0 })
            }
        }
        life.withLock { $0.thread = thread }
    }

    /// Leaves publishers who stall, and takes nothing from others any more: before they are cut off, which would look
    /// like the end of what they hand over.
    package func close() {
        life.withLock { $0.isClosed = true }
    }

    /// Leaves publishers who stall, ends the thread and saves the counts.
    package func stop() {
        let thread = life.withLock { life in
            life.isStopping = true
            life.isClosed = true
            defer { life.thread = nil }
            return life.thread
        }
        eventCount.notify(all: true)
        thread?.join()
        do throws(SystemError) {
            try save()
        } catch {
            logger.error("the latest share counts cannot be saved: \(error)")
        }
    }

    var isStopping: Bool { life.withLock { $0.isStopping } }
    var isClosed: Bool { life.withLock { $0.isClosed } }

    /// - Throws: it is to be tried again.
    func save() throws(SystemError) {
        try saveCounts()
        guard let memory else { return published.withLock { $0.areDigestsUnsaved = false } }
        let digests = published.withLock { published -> [FileIdentity: Digest]? in
            defer { published.areDigestsUnsaved = false }
            return published.areDigestsUnsaved ? published.digests : nil
        }
        guard let digests else { return }
        do throws(SystemError) {
            try memory.store(digests)
        } catch {
            published.withLock { $0.areDigestsUnsaved = true }
            throw error
        }
    }

    private func saveCounts() throws(SystemError) {
        let counts = published.withLock { published -> [Digest: UInt32]? in
            defer { published.isUnsaved = false }
            return published.isUnsaved ? published.counts : nil
        }
        guard let counts else { return }
        do throws(SystemError) {
            try replaceFile(stateFile, with: ShareCounts.text(counts))
        } catch {
            published.withLock { $0.isUnsaved = true }
            throw error
        }
    }
}
