// Warnings that an operator needs, and not ten times a second.

internal import Logging
internal import PassimCore
internal import PassimIndex
internal import PassimSystem

extension Reactor {
    /// Kinds of trouble, with limited warnings: whatever a client can bring about comes as often as he likes.
    enum Trouble: Hashable {
        case descriptors, crowd, listening, connection, file, fileSystem
    }

    /// Says what went wrong, as often as the pace of its kind lets it.
    func warn(_ trouble: Trouble, _ message: @autoclosure () -> String) {
        if let text = paces[trouble, default: WarningPace()].warning(at: now, message) {
            state.logger.warning("\(text)")
        }
    }

    /// A file system does not answer.
    func warnOfHanging(_ entry: Entry) {
        let path = state.origins.origin(entry.origin).map { $0.path } ?? "a directory"
        warn(
            .fileSystem,
            "the disk with \(path) does not answer: its files are not served until it does")
    }

    /// Nobody shall get this entry again before its file has been looked at.
    func drop(_ entry: Entry, because fault: PreparedFile.Fault) {
        if case .unreadable(let error) = fault {
            // The index knows the path as long as the entry is there.
            let path = state.index.path(of: entry).map { "\($0)" } ?? "a file"
            warn(.file, "\(path) cannot be read, and is not shared until it can: \(error)")
        }
        files.remove(entry)
        state.drop(entry)
    }
}
