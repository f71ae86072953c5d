import PassimConfig
import PassimCore
import PassimSystem

@testable import PassimMirror

/// The root of a walk that nobody works on.
func makeNode(_ number: UInt32) throws -> DirectoryNode {
    let dropIn = DropIn(name: "\(number)", file: "", path: "/")
    let origin = Origin(id: OriginID(number), dropIn: dropIn)
    let root = OpenDirectory(try Descriptor.open("/", [.path, .directory]))
    let walk = Walk(
        origin: origin, dropIn: dropIn, root: root,
        rootIdentity: RootIdentity(try root.descriptor.status().identity), scope: .whole, pass: nil, stamp: 0,
        isFirst: true, clock: .system)
    return DirectoryNode(walk: walk, parent: nil, name: .empty)
}
