internal import PassimCore
internal import PassimCrypto

/// The identities of a directory's files, in the form in which the index has them.
struct Identities {
    /// The directory's path from the root of all; nil where inode numbers last.
    private let path: RawName?

    /// - Parameter path: of the directory, from the root of all.
    init(on volume: Volume, path: @autoclosure () -> RawName) {
        self.path = volume.tellsByPath ? path() : nil
    }

    var areToldByPath: Bool { path != nil }

    var flags: ItemFlags { areToldByPath ? .isToldByPath : [] }

    /// - Parameter identity: by stat(2) of the file that has the name.
    func of(_ identity: FileIdentity, _ name: RawName) -> FileIdentity {
        guard let path else { return identity }
        var identity = identity
        identity.inode = SHA256Hasher.digest(of: path.appending(name).bytes).words.0
        return identity
    }

    /// How many names a file has as far as can be told: files whose names are told apart by path have one.
    func links(_ count: UInt64) -> UInt64 { areToldByPath ? 1 : count }
}
