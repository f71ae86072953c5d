internal import ArgumentParser
internal import PassimConfig
internal import PassimCore
internal import PassimSystem

struct MirrorAddCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Share a directory, and all below it, from now on.",
        discussion: """
            With --source, passim mirror sync fills it from there; the directory is made, and the unit \
            passim-sync@NAME.service may write to it.
            """)

    @Argument(
        help: "A name for it, without / and not beginning with a dot: its file in passim.d is NAME.conf.")
    var name: DropInName

    @Argument(help: "The directory. It may come later.", completion: .directory)
    var directory: PathArgument

    @Flag(help: "Let files be fetched by their names as well as by digest (Names=true).")
    var names = false
    @Option(help: ArgumentHelp("Fill it from this URL, which has a PULP_MANIFEST.", valueName: "url"))
    var source: String?

    @Flag(help: "Replace a file that is there.")
    var force = false

    func run() throws {
        let path = try directory.path.absolute()
        guard let text = String(validating: path.bytes, as: UTF8.self) else {
            throw Failure("\(path): a drop-in can only name what is UTF-8; a symlink to it can be shared")
        }
        let source = try checkedSource()
        let isMissing = try MirrorAddCommand.isMissing(path)
        let paths = Paths(environment: Style.variable)
        let file = DropInFile(name, paths)
        // Before it is written: whoever reads it may think again.
        let check = MirrorAddCheck(
            text, named: file.name, paths, isMissing: isMissing, isMade: source != nil)
        if force || !file.isThere { for problem in check.problems { Output.complain(problem) } }
        try file.write(DropInFile.text(sharing: text, byName: names, from: source), replaces: force)
        let output = Output()
        try output.line("Added: \(RawName(file.path)) shares \(path)")
        let daemon = Configuration.read(systemConfigurationDirectory: paths.systemConfiguration).daemon
        if daemon.httpPort > 0 {
            // The port of HTTPS has a service of its own, etc/firewalld/passim.xml.
            try output.line(
                "Plain HTTP is at port \(daemon.httpPort); to let others reach it through firewalld:")
            try output.line(
                "  firewall-cmd --permanent --add-port=\(daemon.httpPort)/tcp && firewall-cmd --reload")
        }
        try output.flush()
        if let command = check.firewallCommand {
            Output.complain("to let others connect:", command: command)
        }
        if source != nil { try prepareSync(text, paths) }
    }

    private func checkedSource() throws(Failure) -> SourceURL? {
        guard let text = source else { return nil }
        guard SyncUnit.isFit(name) else {
            throw Failure(
                "\(RawName(name.file)): with --source, a name is of letters, digits, and - . : _, for the systemd unit"
            )
        }
        do throws(SourceURL.Fault) {
            return try SourceURL(text)
        } catch {
            throw Failure("--source \(RawName(text)): \(error)")
        }
    }

    /// Makes what the timer's unit needs, and tells how to start it.
    private func prepareSync(_ path: String, _ paths: Paths) throws(Failure) {
        let unit = SyncUnit(name, paths)
        try unit.write(path)
        if case .closed(let reason) = try SyncUnit.prepare(path) {
            Output.complain(
                "\(reason), which is to write there: chown -R \(SyncUnit.user): \(RawName(path))")
        }
        let output = Output()
        try output.line("To fill it now and every four hours: systemctl enable --now \(unit.timer)")
        try output.flush()
    }

    private static func isMissing(_ path: RawName) throws(Failure) -> Bool {
        do throws(SystemError) {
            _ = try Descriptor.open(path, [.path, .directory])
            return false
        } catch {
            if error.code == .notFound { return true }
            throw Failure("\(path): \(error.sentence)")
        }
    }
}
