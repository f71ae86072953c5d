/// A drop-in that cannot be served because of what its file says; the others are not touched by it.
package struct DropInFailure: Error, Sendable, Equatable {
    /// The file's name in passim.d.
    package var name: String
    /// The file's full path.
    package var file: String
    /// The directory that it names, where that much could be read.
    package var path: String?
    package var complaint: Complaint
}
