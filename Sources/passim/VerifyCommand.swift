internal import ArgumentParser
internal import PassimCore
internal import PassimMirror
internal import PassimSystem

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Read all files of a directory again, and find bit rot.",
        discussion: """
            Compares the content of each file with the digest that was noted on it by the daemon or by passim \
            scan. One line for each file that does not fit:

              bit rot: the size and the time of the file are those of its stamp, the content is another
              outdated: it was changed since it was stamped; the daemon hashes it again
              unreadable: why

            Exit status: 1 where there is bit rot, or something could not be read.
            """)

    @OptionGroup var tree: TreeArgument

    func run() throws {
        let root = try tree.open()
        let list = try tree.files(in: root)
        let report = VerifyReport(tree)
        for (path, reason) in list.unreadable { try report.add(path, .unreadable(reason)) }
        var failure: Failure?
        do throws(SystemError) {
            try TreeVerification.run(list, in: root) { progress, findings in
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
        if try !report.finish() { throw ExitCode(1) }
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
            try line("\(style.bad("bit rot")): \(path): stamped \(recorded), reads \(found)")
        case .unreadable(let reason):
            unreadable += 1
            try line("\(style.bad("unreadable")): \(path): \(reason)")
        }
    }

    /// - Returns: whether all is well.
    func finish() throws(Failure) -> Bool {
        var summary = "Verified \(counted(sound + rotten)): \(rotten) with bit rot."
        if outdated > 0 { summary += " Outdated: \(outdated)." }
        if unstamped > 0 { summary += " Never stamped: \(unstamped)." }
        if unreadable > 0 { summary += " Unreadable: \(unreadable)." }
        try line(summary)
        return rotten + unreadable == 0
    }

    private func line(_ text: String) throws(Failure) {
        bar.clear()
        try output.line(text)
        try output.flush()
    }
}
