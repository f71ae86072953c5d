internal import ArgumentParser
internal import PassimConfig
internal import PassimCore
internal import PassimMirror
internal import PassimSystem

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Read all files of a directory again, and find bit rot.",
        discussion: """
            Compares the content of each file with the digest that the daemon or passim scan recorded: on the \
            file, or in the daemon's store of checksums, which root and the user passim may read. With --mirror: \
            the files that a drop-in shares. One line for each file that does not fit:

              bit rot: the file is as it was by its size and times, the content is another
              outdated: it was changed since; the daemon hashes it again
              unreadable: why

            Exit status: 2 if there is bit rot; else 1 if something could not be read, or nothing at all was \
            verified.
            """)

    @Argument(
        help: "The directory. Temporary files of the usual tools are left out, as the daemon does.",
        completion: .directory)
    var directory: PathArgument?

    @Option(help: ArgumentHelp("Verify what this drop-in shares.", valueName: "name"))
    var mirror: DropInName?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if (directory == nil) == (mirror == nil) {
            throw ValidationError("Give either a directory, or --mirror and the name of a drop-in.")
        }
    }

    func run() throws {
        let paths = Paths(environment: Style.variable)
        let (tree, privates) = try tree(paths)
        let root = try tree.open()
        let list = try tree.files(in: root, besides: privates)
        let report = VerifyReport(tree, isJSON: json)
        let store = ChecksumStore(readOnly: paths.checksumDirectory)
        for (path, reason) in list.unreadable { try report.add(path, .unreadable(reason)) }
        var failure: Failure?
        do throws(SystemError) {
            try TreeVerification.run(list, in: root, store: store) { progress, findings in
                do throws(Failure) {
                    for found in findings { try report.add(found.path, found.finding) }
                } catch {
                    failure = failure ?? error
                }
                report.bar.show(progress.bytes, of: list.bytes, "\(progress.files) of \(counted(list.files))")
            }
        } catch {
            throw Failure(error)
        }
        if let failure { throw failure }
        let status = try report.finish(store)
        if status != 0 { throw ExitCode(status) }
    }

    private func tree(_ paths: Paths) throws(Failure) -> (Tree, PrivateDirectories) {
        if let directory {
            return (Tree(path: directory.path, dropIn: DropIn(name: "", file: "", path: "")), .init())
        }
        let configuration = Configuration.read(systemConfigurationDirectory: paths.systemConfiguration)
        let name = mirror?.file ?? ""
        if let failed = configuration.failures.first(where: { $0.name == name }) {
            throw Failure("\(failed.complaint)", command: "passimd --check-config")
        }
        guard let dropIn = configuration.dropIns.first(where: { $0.name == name }) else {
            throw Failure(
                "there is no drop-in \(RawName(name)) in \(paths.dropInDirectory)",
                command: "passim mirror list")
        }
        let privates = PrivateDirectories(
            paths.privateDirectories(published: configuration.daemon.path ?? paths.publishedItems))
        return (Tree(path: RawName(dropIn.path), dropIn: dropIn), privates)
    }
}

/// Prints and counts what `passim verify` finds.
private final class VerifyReport {
    let bar = ProgressBar("Verifying")
    private let tree: Tree
    private let output = Output()
    private let style = Style()
    /// nil: text.
    private var json: JSONWriter?
    private var sound = 0
    private var outdated = 0
    private var unstamped = 0
    private var rotten = 0
    private var unreadable = 0

    init(_ tree: Tree, isJSON: Bool) {
        self.tree = tree
        guard isJSON else { return }
        var json = JSONWriter()
        json.beginObject()
        json.field("directory", tree.path)
        json.key("findings")
        json.beginArray()
        self.json = json
    }

    func add(_ path: RawName, _ finding: TreeVerification.Finding) throws(Failure) {
        let path = tree.path(of: path)
        switch finding {
        case .sound: sound += 1
        case .unstamped: unstamped += 1
        case .outdated:
            outdated += 1
            try tell(style.warning("outdated"), path, "") { $0.field("finding", "outdated") }
        case .rotten(let recorded, let found):
            rotten += 1
            try tell(style.bad("bit rot"), path, ": recorded \(recorded), reads \(found)") { json in
                json.field("finding", "bit rot")
                json.field("recorded", recorded.hex)
                json.field("reads", found.hex)
            }
        case .unreadable(let reason):
            unreadable += 1
            try tell(style.bad("unreadable"), path, ": \(reason)") { json in
                json.field("finding", "unreadable")
                json.field("reason", reason)
            }
        }
    }

    private func tell(
        _ word: String, _ path: RawName, _ more: String, _ fields: (inout JSONWriter) -> Void
    ) throws(Failure) {
        guard json != nil else { return try line("\(word): \(path)\(more)") }
        json!.lineBreak()
        json!.object { json in
            json.field("path", path)
            fields(&json)
        }
        bar.clear()
        try output.write(json!.take())
    }

    /// - Returns: the exit status.
    func finish(_ store: ChecksumStore) throws(Failure) -> Int32 {
        bar.clear()
        if json != nil {
            json!.lineBreak()
            json!.end()
            json!.field("verified", sound + rotten)
            json!.field("rotten", rotten)
            json!.field("outdated", outdated)
            json!.field("unrecorded", unstamped)
            json!.field("unreadable", unreadable)
            json!.end()
            try output.write(json!.take() + [0x0A])
            try output.flush()
        } else {
            var summary = "Verified \(counted(sound + rotten)): \(rotten) with bit rot."
            if outdated > 0 { summary += " Outdated: \(outdated)." }
            if unstamped > 0 { summary += " Nothing recorded: \(unstamped)." }
            if unreadable > 0 { summary += " Unreadable: \(unreadable)." }
            try line(summary)
        }
        if rotten > 0 { return 2 }
        if sound == 0 {
            Output.complain(
                "\(tree.path(of: .empty)): nothing was verified: no digest is recorded of any file as it is")
            Output.complain(advice(store))
            return 1
        }
        return unreadable == 0 ? 0 : 1
    }

    private func advice(_ store: ChecksumStore) -> String {
        if let problem = store.problem {
            return
                "the store of the daemon cannot be read (\(problem)): try as root, or record digests with: passim scan"
        }
        return "share the directory and let the daemon hash it, or record digests with: passim scan"
    }

    private func line(_ text: String) throws(Failure) {
        bar.clear()
        try output.line(text)
        try output.flush()
    }
}
