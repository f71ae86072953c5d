internal import Glibc
internal import PassimBus
internal import PassimConfig
internal import PassimCore
internal import PassimCrypto
internal import PassimMirror
internal import PassimServer
internal import PassimSystem

/// `--check-config`: what would be served, and everything that is wrong, without serving.
///
/// The files are read as the daemon's user, wherever that is possible: what root may read says nothing of what it may.
struct ConfigurationCheck: Sendable {
    private(set) var report = ""
    private(set) var isClean: Bool
    private var overlaps = DropInOverlaps()
    private let sandbox: UnitSandbox?

    /// The program's own: as the packaged daemon's user where that one would run with this configuration, and with the
    /// network of this machine.
    static func run(_ paths: Paths) -> ConfigurationCheck {
        let isPackaged = paths.systemConfiguration == "/etc"
        let user = isPackaged ? ActingUser.named("passim") : nil
        var check = run(paths, as: user, UnitSandbox.read(systemConfiguration: paths.systemConfiguration))
        if let user, geteuid() != 0, geteuid() != user.user {
            check.add(
                "note: files are checked as user \(geteuid()), not as passim, which the daemon runs as: "
                    + "sudo passimd --check-config")
        }
        check.add(PlaceCheck(paths))
        return check
    }

    /// - Parameter user: nil, or not possible: as whoever runs this.
    static func run(_ paths: Paths, as user: ActingUser?, _ sandbox: UnitSandbox?) -> ConfigurationCheck {
        let check: @Sendable () -> ConfigurationCheck = {
            ConfigurationCheck(paths: paths, user: user?.user, sandbox: sandbox)
        }
        guard let user, geteuid() == 0 else { return check() }
        do throws(SystemError) {
            return try user.run(check)
        } catch {
            // In a container without CAP_SETUID, say.
            var done = check()
            done.add(
                "note: whether user \(user.user), which the daemon runs as, can read the files is not known: they are "
                    + "checked as root, since no other user can be taken on here (\(error))")
            return done
        }
    }

    init(paths: Paths, user: UInt32? = nil, sandbox: UnitSandbox? = nil) {
        self.sandbox = sandbox
        let configuration = Configuration.read(systemConfigurationDirectory: paths.systemConfiguration)
        isClean = configuration.allComplaints.isEmpty
        let daemon = configuration.daemon
        let plain = daemon.httpPort > 0 ? " and \(daemon.httpPort) (plain HTTP)" : ""
        add(
            "\(paths.passimConf): port \(daemon.port)\(plain), \(daemon.ipv6 ? "IPv4 and IPv6" : "IPv4 only")"
                + (daemon.multicast ? "" : ", no mDNS")
        )
        if !daemon.mirrors.isEmpty {
            let names = daemon.mirrors.map { "\($0)" }.joined(separator: ", ")
            add("\(paths.passimConf): asked for what is not here: \(names)")
        }
        let privates = PrivateDirectories(
            paths.privateDirectories(published: daemon.path ?? paths.publishedItems))
        // Whoever checks is root, and the daemon is not.
        let trusted = [user, userIdentifier(named: "passim")].compactMap { $0 }
        let walk = PathWalk(privates, trusting: Set(trusted))
        for (number, dropIn) in configuration.dropIns.enumerated() {
            if let obstacle = sandbox?.obstacle(to: dropIn.path) {
                fail("\(dropIn.file): [passim] Path=\(dropIn.path): \(obstacle)")
                continue
            }
            do throws(PathWalk.Failure) {
                let conflicts = NameConflicts(of: dropIn, after: Array(configuration.dropIns[..<number]))
                let count = try DropInCount(of: dropIn, by: walk, besides: privates) {
                    conflicts?.look(at: $0)
                }
                add(count, of: dropIn)
                for complaint in conflicts?.complaints ?? [] {
                    isClean = false
                    add("warning: \(complaint)")
                }
            } catch {
                fail("\(dropIn.file): [passim] Path=\(dropIn.path): \(error.sentence)\(advice(error))")
            }
        }
        for complaint in overlaps.complaints + configuration.allComplaints {
            add("\(complaint.severity.rawValue): \(complaint)\(advice(complaint))")
        }
        examineIdentity(daemon, paths)
        if configuration.dropIns.isEmpty && configuration.failures.isEmpty {
            add("\(paths.dropInDirectory): no drop-ins, so nothing is served but published items")
        }
    }

    mutating func add(_ line: String) { report += line + "\n" }

    private mutating func fail(_ line: String) {
        isClean = false
        add("error: \(line)")
    }

    private mutating func add(_ places: PlaceCheck) {
        for complaint in places.complaints {
            isClean = false
            add("\(complaint.severity.rawValue): \(complaint)")
        }
        for note in places.notes { add("note: \(note)") }
    }

    /// Modes are what administrators ask about.
    private func advice(_ error: PathWalk.Failure) -> String {
        if case .system(let error) = error, error.code == .accessDenied {
            return
                "; the user passim must be let through all directories above it (chmod o+x), and read it (chmod o+rx)"
        }
        return ""
    }

    private func advice(_ complaint: Complaint) -> String {
        let isDenied = complaint.message.contains(SystemError.Code.accessDenied.sentence)
        return isDenied && complaint.key == nil
            ? "; for the user passim: chmod 644 \(RawName(complaint.file))" : ""
    }

    /// An administrator's certificate must be usable; ours is made where there is none.
    private mutating func examineIdentity(_ daemon: DaemonConfiguration, _ paths: Paths) {
        do throws(CryptoError) {
            if let location = try daemon.certificateLocation() {
                _ = try ServerIdentity.load(ofAdministrator: location, now: wallClock())
            } else {
                for path in [paths.secretKey, paths.certificate] { examine(path) }
            }
        } catch {
            fail("\(paths.passimConf): \(error)")
        }
    }

    /// The key and the certificate, where there are any.
    private mutating func examine(_ path: String) {
        do throws(SystemError) {
            _ = try Descriptor.open(path, [.readOnly, .nonBlocking, .noControllingTerminal])
        } catch {
            // The directory of the state is nobody else's, and made when it is needed.
            if error.code == .notFound || (error.code == .accessDenied && !isThere(path)) { return }
            fail("\(path): cannot be read by the daemon: \(error.sentence)")
        }
    }

    private func isThere(_ path: String) -> Bool { (try? Descriptor.open(path, .path)) != nil }

    private mutating func add(_ count: DropInCount, of dropIn: DropIn) {
        add("\(dropIn.file): \(dropIn.path): \(count.files) files, \(count.bytes) bytes")
        // The target of a symlink is what counts.
        if let obstacle = sandbox?.obstacle(to: "\(count.place)") {
            fail("\(dropIn.file): [passim] Path=\(dropIn.path): it leads to \(count.place), and \(obstacle)")
        }
        if let first = count.firstUnreadable {
            fail(
                """
                \(dropIn.file): \(dropIn.path): \(count.unreadable) files or directories \
                cannot be read, the first: \(first)
                """)
        }
        for path in count.leftOut {
            add("\(dropIn.file): \(RawName(dropIn.path).appending(path)) is passimd's own and left out")
        }
        for glob in count.idlePatterns where count.unreadable == 0 {
            // Other programs have other separators.
            let hint =
                glob.pattern.contains(where: { $0 == "," || $0 == " " })
                ? "; patterns are separated by ;" : ""
            let complaint = Complaint(
                .warning, file: dropIn.file, group: "passim", key: "Include", value: glob.pattern,
                "no file matches\(hint)")
            add("warning: \(complaint)")
        }
        overlaps.add(dropIn, at: count.place)
    }
}
