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
