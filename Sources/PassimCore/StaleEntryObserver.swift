/// A file that turned out not to hold what the index says. The server has dropped the entry already.
package protocol StaleEntryObserver: Sendable {
    /// Called on a serving thread: must not block.
    func foundStale(_ item: Item)
}
