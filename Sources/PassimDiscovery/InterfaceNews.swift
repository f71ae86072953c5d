internal import CAvahi
internal import PassimSystem

/// Tells the thread of an event loop that interfaces or their addresses have changed.
final class InterfaceNews {
    private let changes: InterfaceChanges
    private var hasCome = false

    init() throws(SystemError) {
        changes = try InterfaceChanges()
    }

    /// Has news end a turn of the loop.
    ///
    /// - Parameter loop: goes before this does.
    func watch(with loop: AvahiLoop) throws(AvahiError) {
        let watch = loop.api.pointee.watch_new(
            loop.api, changes.descriptor.lend { $0 }, AVAHI_WATCH_IN,
            { (_, _, _, news) in
                let news = Unmanaged<InterfaceNews>.fromOpaque(news!).takeUnretainedValue()
                news.changes.clear()
                news.hasCome = true
            }, Unmanaged.passUnretained(self).toOpaque())
        if watch == nil { throw AvahiError(code: .noMemory, action: "watching interfaces") }
    }

    /// - Returns: whether there has been any since the last call.
    func take() -> Bool {
        defer { hasCome = false }
        return hasCome
    }
}
