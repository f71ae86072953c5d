internal import PassimSystem

/// The sysctl that says how many watches this user may have: that of the kernel, or of the user namespace where
/// that is less (user_namespaces(7)).
struct WatchLimit {
    let name: String
    /// nil where /proc does not tell.
    let value: Int?

    static var current: WatchLimit {
        let limits = ["fs.inotify.max_user_watches", "user.max_inotify_watches"].map { name in
            WatchLimit(name: name, value: read(name))
        }
        return limits.min { ($0.value ?? .max) < ($1.value ?? .max) }!
    }

    private static func read(_ name: String) -> Int? {
        let path = "/proc/sys/" + name.split(separator: ".").joined(separator: "/")
        guard let file = try? Descriptor.open(path, .readOnly), let text = try? file.readAll(limit: 64) else {
            return nil
        }
        return Int(String(decoding: text.prefix { $0 != 0x0A }, as: UTF8.self))
    }
}
