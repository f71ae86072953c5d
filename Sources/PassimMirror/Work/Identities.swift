internal import PassimCore
internal import PassimCrypto
internal import PassimSystem

/// The identities of a directory's files, in the form in which the index has them. For one thread.
///
/// Where inode numbers do not last, a number made of the path stands in place of the inode's. A file may be on another
/// file system than its directory: one that is mounted on its name alone.
final class Identities {
    /// The directory's st_dev, and whether inode numbers do not last there.
    private let device: UInt64
    private let isByPath: Bool
    /// The same of other devices that have been met in it.
    private var others: [UInt64: Bool] = [:]
    private let ask: (RawName, _ device: UInt64) -> Bool?
    /// The directory's path from the root of all.
    private lazy var path: RawName = makePath()
    private let makePath: () -> RawName

    /// - Parameters:
    ///   - volume: of the directory.
    ///   - path: of the directory, from the root of all; asked for once, when the first file is told by it.
    ///   - ask: whether inode numbers do not last on the file system of a name in it that has another device; nil where the
    ///     name has a file of that device no more.
    init(
        on volume: Volume, path: @escaping () -> RawName, asking ask: @escaping (RawName, UInt64) -> Bool?
    ) {
        device = volume.device
        isByPath = volume.tellsByPath
        makePath = path
        self.ask = ask
    }

    /// The status of a file by stat(2), as if inode numbers lasted: one that is told by path has one name.
    func seen(_ status: FileStatus, _ name: RawName) -> FileStatus {
        guard status.kind == .regular, isToldByPath(status.identity.device, name) else { return status }
        var status = status
        status.identity.inode = SHA256Hasher.digest(of: path.appending(name).bytes).words.0
        status.links = 1
        return status
    }

    /// True if a file that was `seen` is told by its path.
    func isToldByPath(_ identity: FileIdentity) -> Bool {
        identity.device == device ? isByPath : others[identity.device] ?? false
    }

    /// The flags of a file that was `seen`, in the index.
    func flags(_ identity: FileIdentity) -> ItemFlags { isToldByPath(identity) ? .isToldByPath : [] }

    private func isToldByPath(_ device: UInt64, _ name: RawName) -> Bool {
        if device == self.device { return isByPath }
        if let known = others[device] { return known }
        guard let answer = ask(name, device) else { return false }
        others[device] = answer
        return answer
    }
}
