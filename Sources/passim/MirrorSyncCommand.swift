internal import ArgumentParser
internal import PassimConfig
internal import PassimCore
internal import PassimFetch
internal import PassimSync
internal import PassimSystem

struct MirrorSyncCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Fill mirrors from their sources.",
        usage: """
            passim mirror sync [options] NAME…
            passim mirror sync [options] --all
            passim mirror sync [options] URL DIRECTORY
            """,
        discussion: """
            Fetches what the PULP_MANIFEST of a source names and a mirror does not have. The source of a mirror is \
            Source= in its drop-in; what Exclude= leaves out, or Include= does not select, is not fetched. A file \
            appears under its name when all of it is there with the right SHA-256, and metadata after what it \
            names. What came of a file before an interruption is kept, and the next run goes on from there.

            Exit status: 0 if all is there; 2 if files are missing, which are named on standard error; 1 if nothing \
            could be done.
            """)

    @Argument(help: ArgumentHelp("Names of drop-ins; or a URL and a directory.", valueName: "name"))
    var targets: [String] = []

    @Flag(help: "Fill all mirrors that have a source.")
    var all = false

    @Option(help: ArgumentHelp("Fetch so many files at a time, 1 to 64.", valueName: "number"))
    var jobs = 4

    @Option(
        help: ArgumentHelp(
            "Receive at most so many bytes a second; K, M and G are 1024 to the 1, 2 and 3.",
            valueName: "rate"))
    var maxRate: RateArgument?

    @Flag(help: "Remove what the source does not have, after a run in which nothing failed.")
    var delete = false

    @Flag(name: [.customShort("n"), .long], help: "Print what would be done, and write nothing.")
    var dryRun = false

    @Flag(help: "Allow http:// to other machines.")
    var insecure = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if !(1...64 ~= jobs) { throw ValidationError("--jobs is a number from 1 to 64.") }
        if isOnce {
            if targets.count != 2 || all { throw ValidationError("A URL is followed by one directory.") }
        } else if all != targets.isEmpty {
            throw ValidationError("Name drop-ins, or use --all.")
        }
    }

    /// Without a drop-in.
    private var isOnce: Bool { targets.first?.contains("://") ?? false }

    func run() throws {
        let report = SyncOutput(isJSON: json, isDryRun: dryRun)
        for mirror in try mirrors(report) { try run(mirror, report) }
        let status = try report.finish()
        if status != 0 { throw ExitCode(status) }
    }

    private func run(_ dropIn: DropIn, _ output: SyncOutput) throws(Failure) {
        guard let source = dropIn.source else {
            return try output.fail(
                dropIn, "it has no Source=; add one to \(RawName(dropIn.file)), or name a URL and a directory"
            )
        }
        var settings = SyncSettings(source, dropIn)
        settings.transfers.connections = jobs
        settings.transfers.maxRate = maxRate?.bytes ?? 0
        settings.transfers.authorities = dropIn.sourceAuthorities
        settings.isInsecure = insecure
        settings.deletes = delete
        settings.isDryRun = dryRun
        if !isOnce { settings.record = Paths(environment: Style.variable).syncState(of: dropIn.name) }
        // The daemon need not read what has just been verified.
        let sender = Lock(VoucherSender())
        settings.vouch = { files in
            sender.withLock { sender in
                for file in files { sender.add(file) }
                sender.flush()
            }
        }
        let report: SyncReport
        do throws(SyncFailure) {
            report = try Sync.run(settings, output.observer(of: dropIn))
        } catch {
            return try output.fail(dropIn, error.description)
        }
        try output.add(dropIn, report)
    }

    // MARK: - Which

    private func mirrors(_ report: SyncOutput) throws(Failure) -> [DropIn] {
        if isOnce { return [try once()] }
        let paths = Paths(environment: Style.variable)
        let configuration = Configuration.read(systemConfigurationDirectory: paths.systemConfiguration)
        if all {
            // One that cannot be read, or whose source cannot, is not filled.
            let unusable =
                configuration.failures.map(\.complaint)
                + configuration.complaints.filter { $0.key == "Source" }
            for complaint in unusable {
                Output.complain("\(complaint)")
                report.noteUnusable()
            }
            let mirrors = configuration.dropIns.filter { $0.source != nil }
            if mirrors.isEmpty { throw Failure("no drop-in in \(paths.dropInDirectory) has a Source=") }
            return mirrors
        }
        var mirrors: [DropIn] = []
        for target in targets {
            guard let name = DropInName(argument: target) else {
                throw Failure("\(RawName(target)): not the name of a drop-in")
            }
            if let failure = configuration.failures.first(where: { $0.name == name.file }) {
                throw Failure("\(failure.complaint)")
            }
            guard let dropIn = configuration.dropIns.first(where: { $0.name == name.file }) else {
                throw Failure("\(paths.dropInDirectory) has no \(RawName(name.file)): see passim mirror list")
            }
            for complaint in configuration.complaints where complaint.file == dropIn.file {
                Output.complain("\(complaint)")
            }
            mirrors.append(dropIn)
        }
        return mirrors
    }

    private func once() throws(Failure) -> DropIn {
        let path = try (PathArgument(argument: targets[1])?.path ?? .empty).absolute()
        guard let text = String(validating: path.bytes, as: UTF8.self) else {
            throw Failure("\(path): not UTF-8; a symlink to it can be filled")
        }
        var dropIn = DropIn(name: targets[1], file: "", path: text)
        do throws(SourceURL.Fault) {
            dropIn.source = try SourceURL(targets[0])
        } catch {
            throw Failure("\(RawName(targets[0])): \(error)")
        }
        return dropIn
    }
}

/// Bytes a second: `500K`.
struct RateArgument: ExpressibleByArgument {
    let bytes: UInt64

    init?(argument: String) {
        let units: [Character: UInt64] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
        let unit = argument.last.flatMap { units[Character($0.uppercased())] }
        let digits = unit == nil ? Substring(argument) : argument.dropLast()
        guard !digits.isEmpty, digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = UInt64(digits),
            number > 0
        else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: unit ?? 1)
        if overflow { return nil }
        self.bytes = bytes
    }
}
