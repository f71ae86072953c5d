internal import ArgumentParser
internal import PassimCore
internal import PassimMirror
internal import PassimSystem

struct ScanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan", abstract: "Hash the files of a directory beforehand, and record their digests.",
        discussion: """
            Writes the extended attributes user.checksum.sha256 and user.checksum.sha256.stamp, from which the \
            daemon takes the digests without reading the files at its next start. Where it runs, and root scans, it \
            is told and need not read them either. Files that have them already are not read. For whoever may write \
            there; the daemon need not run.

            Exit status: 1 where something could not be stamped, which is named on standard error.
            """)

    @OptionGroup var argument: TreeArgument

    func run() throws {
        let tree = argument.tree()
        let root = try tree.open()
        let list = try tree.files(in: root)
        let bar = ProgressBar("Scanning")
        let sender = VoucherSender()
        var current = 0
        var stamped = 0
        var bytes: UInt64 = 0
        var failed = 0
        func fail(_ path: String, _ reason: String) {
            bar.clear()
            failed += 1
            Output.complain("\(path): \(reason)")
        }
        for (path, reason) in list.unreadable { fail("\(tree.path(of: path))", reason) }
        do throws(SystemError) {
            try TreeScan.run(list, in: root) { progress, findings in
                for found in findings {
                    switch found.finding {
                    case .current: current += 1
                    case .stamped(let voucher):
                        stamped += 1
                        bytes.add(saturating: voucher.identity.size)
                        sender.add(voucher)
                    case .failed(let reason): fail("\(tree.path(of: found.path))", reason)
                    }
                }
                sender.flush()
                // Files that need no reading count as files only.
                bar.show(progress.bytes, of: list.bytes, "\(progress.files) of \(counted(list.files))")
            }
        } catch {
            throw Failure(error)
        }
        bar.clear()
        if let problem = sender.problem {
            Output.complain("passimd was not told, and reads the files itself: \(problem)")
        }
        let output = Output()
        var summary = "Stamped \(counted(stamped)) (\(ByteCount(bytes))); \(current) had their stamp already."
        if sender.count > 0 { summary += " passimd was told of \(sender.count): it need not read them." }
        if failed > 0 { summary += " Not stamped: \(failed)." }
        try output.line(summary)
        try output.flush()
        if failed > 0 { throw ExitCode(1) }
    }
}
