package import PassimCore

/// A path in a `TemporaryTree`: text, or raw bytes where it must not be UTF-8.
package protocol TreePath {
    var raw: RawName { get }
}

extension String: TreePath {
    package var raw: RawName { RawName(self) }
}

extension RawName: TreePath {
    package var raw: RawName { self }
}
