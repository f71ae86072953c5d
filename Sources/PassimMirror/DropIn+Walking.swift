internal import PassimConfig

/// The drop-in's rules for a walk, which has already entered every directory above: asking for all of them
/// again at each name would be quadratic in the depth of the tree.
extension DropIn {
    func acceptsBelow(_ path: UnsafeRawBufferPointer) -> Bool {
        accepts(path, entered: true)
    }

    func selectsSame(as other: DropIn) -> Bool {
        recursive == other.recursive && include == other.include && exclude == other.exclude
    }

    func entersBelow(_ path: UnsafeRawBufferPointer) -> Bool {
        recursive && !exclude.indices.contains { exclude[$0].matches(path, isDirectory: true) }
    }
}
