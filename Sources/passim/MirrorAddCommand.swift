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

    @Option(help: ArgumentHelp("Where it is filled from: the place of a PULP_MANIFEST.", valueName: "url"))
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
        try file.write(DropInFile.text(sharing: text, from: source), replaces: force)
        let output = Output()
        try output.line("Added: \(RawName(file.path)) shares \(path)")
        try output.flush()
        if source != nil {
            try prepareSync(text, paths)
        } else if isMissing {
            Output.complain("\(path) is not there; it is shared when it appears")
        }
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

    /// What the unit of the timer needs, and how it is started.
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
