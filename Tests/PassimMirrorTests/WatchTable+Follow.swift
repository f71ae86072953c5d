@testable import PassimMirror

extension WatchTable {
    /// A path that may lead anywhere, or nowhere.
    func follow(_ path: String, _ follower: Follower, content: Bool = false) {
        _ = try? follow(path, follower, by: PathWalk(PrivateDirectories()), content: content)
    }
}
