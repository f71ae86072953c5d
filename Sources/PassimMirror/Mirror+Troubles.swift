internal import PassimConfig
package import PassimCore
internal import PassimIndex
internal import PassimSystem

extension Mirror {
    /// Faults of the directories, their files, the watches and the store of checksums; drop-ins that could not be
    /// read are not among them. Does not wait for a disk.
    package var troubles: [Trouble] {
        var troubles = look { state in state.origins.flatMap { $0.troubles } }
        if let shortage = watchShortage { troubles.append(shortage) }
        if let problem = cache.store?.problem {
            troubles.append(
                Trouble(
                    .warning, .checksums, "the store of checksums cannot be used", why: problem,
                    command: "journalctl -u passim -g 'checksum store' -n 5"))
        }
        return troubles
    }

    private var watchShortage: Trouble? {
        let (present, unwatched, failure, reason) = look { state in
            (
                state.watches.count, state.origins.reduce(0) { $0 + $1.unwatched }, state.lastWatchFailure,
                state.watchingFailure
            )
        }
        let seconds = Limits.pollingInterval / 1_000_000_000
        let meanwhile = "changes are found by a walk every \(seconds) s or more"
        if let reason {
            return Trouble(
                .warning, .watches, "no directory can be watched", why: "\(reason); \(meanwhile)",
                command: "sysctl fs.inotify.max_user_instances=512 && systemctl restart passim")
        }
        guard unwatched > 0, let failure else { return nil }
        let what = "\(unwatched) of \(present + unwatched) directories cannot be watched"
        guard failure == .noSpace else {
            return Trouble(.warning, .watches, what, why: "\(failure.sentence); \(meanwhile)")
        }
        let limit = WatchLimit.current
        // Some room for those that come.
        let needed = max(1_048_576, 2 * (present + unwatched))
        return Trouble(
            .warning, .watches, what,
            why: "\(limit.name) is \(limit.value.map(String.init) ?? "unknown"); \(meanwhile)",
            command: "sysctl \(limit.name)=\(needed) && passim rescan")
    }
}

extension Origin {
    fileprivate var troubles: [Trouble] {
        var troubles: [Trouble] = []
        let path = dropIn.path
        switch status(items: 0, bytes: 0, now: 0).state {
        case .scanning, .watching, .polling: break
        case .missing:
            troubles.append(
                Trouble(
                    .error, .directory, subject: path, "\(path) is missing",
                    why: "there is no such directory, or its disk is not mounted",
                    command: ShellWord.command("mount its disk, or: mkdir -p", path)))
        case .failed(let reason):
            troubles.append(
                Trouble(
                    .error, .directory, subject: path, "\(path) cannot be shared", why: reason,
                    command: isDenied(reason) ? "passimd --check-config" : ""))
        }
        if unreadable.count > 0 {
            let files =
                unreadable.count == 1 ? "1 file or directory" : "\(unreadable.count) files or directories"
            troubles.append(
                Trouble(
                    .warning, .unreadable, subject: path,
                    "\(files) in \(path) cannot be read by the user passim",
                    why: unreadable.count == 1 ? unreadable.first : "the first is \(unreadable.first)",
                    command: isDenied(unreadable.first) ? ShellWord.command("chmod -R o+rX", path) : ""))
        }
        return troubles
    }

    /// True if modes are the reason.
    private func isDenied(_ reason: String) -> Bool {
        reason.contains(SystemError.Code.accessDenied.sentence)
    }
}
