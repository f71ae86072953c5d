internal import PassimCore
internal import PassimSystem

/// How much room there is at some paths, as it was when they were looked at last. A file system that hangs keeps a thread
/// and nobody else.
final class DiskSurvey: Sendable {
    private struct Place {
        var space: FileSystemSpace?
        var isBeingAsked = false
    }

    private let places = Lock<[String: Place]>([:])
    private let calls = CallQueue(name: "disks", threads: 4, waiting: 256)
    private let measure: @Sendable (String) -> FileSystemSpace?

    /// Less of either is a trouble.
    static let leastBytes: UInt64 = 1 << 30
    static let leastPercent: UInt64 = 5

    init(_ measure: @escaping @Sendable (String) -> FileSystemSpace? = { try? FileSystemSpace.of($0) }) {
        self.measure = measure
    }

    /// Begins to look at these paths, and forgets all others. Returns at once.
    func look(at paths: [String]) {
        let asked = places.withLock { places in
            places = places.filter { paths.contains($0.key) }
            return paths.filter { path in
                let isBeingAsked = places[path]?.isBeingAsked ?? false
                places[path, default: Place()].isBeingAsked = true
                return !isBeingAsked
            }
        }
        for path in asked {
            let isTaken = calls.submit { [self] in
                let space = measure(path)
                places.withLock { places in
                    guard places[path] != nil else { return }
                    places[path] = Place(space: space)
                }
            }
            if !isTaken { places.withLock { $0[path]?.isBeingAsked = false } }
        }
    }

    /// nil where it is not known.
    func space(at path: String) -> FileSystemSpace? { places.withLock { $0[path]?.space } }

    /// By path.
    var spaces: [(path: String, space: FileSystemSpace)] {
        places.withLock { $0 }.compactMap { path, place in place.space.map { (path, $0) } }
            .sorted { $0.path < $1.path }
    }

    /// One for each file system that is nearly full.
    var troubles: [Trouble] {
        var devices: Set<UInt64> = []
        return spaces.compactMap { path, space in
            guard !space.isImage, devices.insert(space.device).inserted else { return nil }
            return space.trouble(at: path)
        }
    }

    func close() { calls.close(until: 0) }
}

extension FileSystemSpace {
    func trouble(at path: String) -> Trouble? {
        let command = ShellWord.command("df -h", path)
        let filesCommand = ShellWord.command("df -i", path)
        if bytes > 0, freeBytes < (1 << 20) {
            return Trouble(
                .error, .disk, subject: path, "the file system of \(path) is full", command: command)
        }
        if files > 0, freeFiles == 0 {
            return Trouble(
                .error, .disk, subject: path, "the file system of \(path) takes no more files",
                why: "all its \(files) inodes are in use", command: filesCommand)
        }
        // In this order no product exceeds 64 bits.
        if bytes > 0, freeBytes < DiskSurvey.leastBytes || freeBytes < bytes / 100 * DiskSurvey.leastPercent {
            return Trouble(
                .warning, .disk, subject: path, "the file system of \(path) is nearly full",
                why: "\(ByteCount(freeBytes)) of \(ByteCount(bytes)) are free", command: command)
        }
        if files > 0, freeFiles < files / 100 * DiskSurvey.leastPercent {
            return Trouble(
                .warning, .disk, subject: path, "the file system of \(path) is nearly out of inodes",
                why: "\(freeFiles) of \(files) are free", command: filesCommand)
        }
        return nil
    }
}
