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
            file, or in the daemon's store of checksums, which root may read. One line for each file that does \
            not fit:

              bit rot: the file is as it was by its size and times, the content is another
              outdated: it was changed since; the daemon hashes it again
              unreadable: why

            Exit status: 2 if there is bit rot; else 1 if something could not be read, or nothing at all was \
            verified.
            """)

    @OptionGroup var tree: TreeArgument

    func run() throws {
        let root = try tree.open()
        let list = try tree.files(in: root)
        let report = VerifyReport(tree)
        let store = ChecksumStore(readOnly: Paths(environment: Style.variable).checksumDirectory)
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
}

/// What `passim verify` prints, and counts.
private final class VerifyReport {
    let bar = ProgressBar("Verifying")
    private let tree: TreeArgument
    private let output = Output()
    private let style = Style()
    private var sound = 0
    private var outdated = 0
    private var unstamped = 0
    private var rotten = 0
    private var unreadable = 0

    init(_ tree: TreeArgument) {
        self.tree = tree
    }

    func add(_ path: RawName, _ finding: TreeVerification.Finding) throws(Failure) {
        let path = tree.path(of: path)
        switch finding {
        case .sound: sound += 1
        case .unstamped: unstamped += 1
        case .outdated:
            outdated += 1
            try line("\(style.warning("outdated")): \(path)")
        case .rotten(let recorded, let found):
            rotten += 1
            try line("\(style.bad("bit rot")): \(path): recorded \(recorded), reads \(found)")
        case .unreadable(let reason):
            unreadable += 1
            try line("\(style.bad("unreadable")): \(path): \(reason)")
        }
    }

    /// - Returns: the exit status.
    func finish(_ store: ChecksumStore) throws(Failure) -> Int32 {
        var summary = "Verified \(counted(sound + rotten)): \(rotten) with bit rot."
        if outdated > 0 { summary += " Outdated: \(outdated)." }
        if unstamped > 0 { summary += " Nothing recorded: \(unstamped)." }
        if unreadable > 0 { summary += " Unreadable: \(unreadable)." }
        try line(summary)
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
