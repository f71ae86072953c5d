/// The choice of who has the digests found.
package enum Answering: String, CaseIterable, Sendable {
    /// Avahi's records while there are few enough, and answers of our own past that.
    case automatic
    /// Avahi's records, as many as it takes.
    case never
    /// Answers of our own, wherever they are possible.
    case always
}
