/// The value that a listing of files is ordered by.
package enum ListingOrder: Sendable {
    /// As the index has them: at once, however many there are.
    case none
    /// The bytes of the path, as it is shown.
    case name
    case size
    /// When the content was changed last.
    case modified
}
