internal import PassimCore
internal import PassimSystem

extension RawName {
    /// The same place from `/` on, without `.` and double `/`. Symlinks stay as they are, unless there is a `..`:
    /// what that means only the file system knows, so the place must be there.
    func absolute() throws(Failure) -> RawName {
        let components = bytes.split(separator: 0x2F).filter { $0 != [0x2E] }
        if components.contains([0x2E, 0x2E]) { return try RawName.resolved(self) }
        let start = bytes.first == 0x2F ? RawName.empty : try RawName.resolved(RawName("."))
        var absolute = start.bytes == [0x2F] ? [] : start.bytes
        for component in components { absolute += [0x2F] + component }
        return RawName(bytes: absolute.isEmpty ? [0x2F] : absolute)
    }

    private static func resolved(_ path: RawName) throws(Failure) -> RawName {
        try failing(path) { () throws(SystemError) in try Descriptor.open(path, .path).currentPath() }
    }
}
