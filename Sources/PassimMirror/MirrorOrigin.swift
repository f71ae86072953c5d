package import PassimConfig
package import PassimCore

/// A configured directory and the number under which its files stand in the index.
package struct MirrorOrigin: Sendable {
    package var id: OriginID
    package var dropIn: DropIn

    package init(id: OriginID, dropIn: DropIn) {
        self.id = id
        self.dropIn = dropIn
    }
}

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
