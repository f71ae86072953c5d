/// Hears from the server that an entry is not true any more.
package protocol StaleEntryObserver: Sendable {
    /// The entry's file has changed, gone or cannot be read. It is looked at again. Called on a serving thread: must not
    /// block.
    ///
    /// - Parameter drop: takes the entry out of the index; to be called once, before this returns.
    func foundStale(_ item: Item, dropping drop: () -> Void)
}
