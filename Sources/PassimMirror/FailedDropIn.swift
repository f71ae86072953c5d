/// A drop-in of which nothing can be shared, for the status listing only.
package struct FailedDropIn: Sendable {
    /// The drop-in's file name.
    package var name: String
    /// Empty where not even the path is known.
    package var path: String
    package var reason: String

    package init(name: String, path: String, reason: String) {
        self.name = name
        self.path = path
        self.reason = reason
    }
}
