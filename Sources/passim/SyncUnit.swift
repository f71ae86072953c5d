internal import Glibc
internal import PassimConfig
internal import PassimCore
internal import PassimSystem

/// Lets passim-sync@NAME.service fill a mirror, though it runs as a user of its own and sees everything read-only:
/// with a directory that is that user's, and a drop-in for the unit that lets it write there.
struct SyncUnit {
    /// From etc/sysusers.d.
    static let user = "passim-sync"

    private let name: String
    /// Of units that are this machine's own.
    private let units: String
    private var directory: String { "\(units)/passim-sync@\(name).service.d" }

    /// - Parameter dropIn: named as `isFit` says; no unit is of another.
    init(_ dropIn: DropInName, _ paths: Paths) {
        name = String(dropIn.file.dropLast(".conf".count))
        units = "\(paths.systemConfiguration)/systemd/system"
    }

    /// True if the name can be that of an instance without being escaped (systemd-escape(1)).
    static func isFit(_ dropIn: DropInName) -> Bool {
        dropIn.file.utf8.allSatisfy { byte in
            0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte
                || [0x2D, 0x2E, 0x3A, 0x5F].contains(byte)
        }
    }

    var timer: String { "passim-sync@\(name).timer" }

    /// Timers of the mirror that systemctl(1) has enabled.
    var enabledTimers: [String] {
        [timer, "passim-verify@\(name).timer"].filter { timer in
            (try? Descriptor.open("\(units)/timers.target.wants/\(timer)", [.path, .noFollow])) != nil
        }
    }

    /// - Parameter path: of the mirror.
    func write(_ path: String) throws(Failure) {
        let text = """
            # Written by passim mirror add.
            [Service]
            ReadWritePaths=\(SyncUnit.escaped(path))

            """
        do throws(SystemError) {
            try makeDirectories(directory, mode: 0o755)
            try replaceFile("\(directory)/directory.conf", with: Array(text.utf8), mode: 0o644)
        } catch {
            throw Failure("\(RawName(directory)): \(error.sentence)")
        }
    }

    /// Removes what `write` has written, if it has.
    func remove() throws(Failure) {
        do throws(SystemError) {
            try Descriptor.open(directory, [.readOnly, .directory]).unlink(RawName("directory.conf"))
        } catch {
            if error.code == .notFound { return }
            throw Failure("\(RawName(directory))/directory.conf: \(error.sentence)")
        }
        // Others of the administrator's may be in it.
        rmdir(directory)
    }

    /// In quotes, as systemd.syntax(7) has them; `%` begins a specifier (systemd.unit(5)).
    static func escaped(_ path: String) -> String {
        var text = "\""
        for scalar in path.unicodeScalars {
            switch scalar {
            case "\"", "\\": text += "\\" + String(scalar)
            case "%": text += "%%"
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }

    // MARK: - The directory

    enum Place {
        /// The unit's user may write there.
        case ready
        /// It may not, and why.
        case closed(String)
    }

    /// Makes the directory where it is missing.
    static func prepare(_ path: String) throws(Failure) -> Place {
        let user = identifiers(ofUser: user)
        var isNew = false
        do throws(SystemError) {
            _ = try Descriptor.open(path, [.path, .directory])
        } catch {
            guard error.code == .notFound else { throw Failure("\(RawName(path)): \(error.sentence)") }
            isNew = true
        }
        do throws(SystemError) {
            if isNew { try makeDirectories(path, mode: 0o755) }
            let directory = try Descriptor.open(path, [.readOnly, .directory])
            if isNew {
                // Whatever umask(2) says: the daemon is another user.
                try directory.changeMode(0o755)
                if let user, geteuid() == 0 { try directory.changeOwner(user.user, group: user.group) }
            }
            guard let user else { return .closed("there is no user \(SyncUnit.user)") }
            let status = try directory.status()
            if status.owner == user.user { return .ready }
            return .closed("\(RawName(path)) is not owned by \(SyncUnit.user)")
        } catch {
            throw Failure("\(RawName(path)): \(error.sentence)")
        }
    }
}
