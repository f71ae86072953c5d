import PassimTestKit
import Testing

/// What the scripts have in common (scripts/lib.sh).
struct ScriptLibraryTests {
    private let tree: TemporaryTree

    init() throws {
        tree = try TemporaryTree()
    }

    /// Runs a function of the library, with an apt-get of ours.
    private func run(_ function: String, patience: Int, aptGet: String) throws -> Command.Outcome {
        try tree.write("bin/apt-get", "#!/bin/sh\n" + aptGet, mode: 0o755)
        try tree.write("bin/sudo", "#!/bin/sh\nexec \"$@\"\n", mode: 0o755)
        var setting = ChildProcess.Setting()
        setting.environment = [
            "PATH": "\(tree.absolute("bin")):/usr/bin:/bin", "PASSIM_APT_PATIENCE": "\(patience)",
            "TMPDIR": tree.path,
        ]
        let script = "set -euo pipefail; source \(Products.repository)/scripts/lib.sh; \(function)"
        return try Command.run(["bash", "-c", script], setting)
    }

    private static let missing = "need 'file:/nonexistent/x some-package some-package'"
    private static let busy =
        "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)"

    @Test func installingWaitsForAnotherAptToEnd() throws {
        let count = tree.absolute("count")
        let outcome = try run(
            ScriptLibraryTests.missing, patience: 600,
            aptGet: """
                echo x >>\(count)
                [ "$(wc -l <\(count))" -ge 3 ] && echo "$*" >\(tree.absolute("arguments")) && exit
                echo "\(ScriptLibraryTests.busy)" >&2
                exit 100
                """)
        #expect(outcome.succeeded, "\(outcome.errorText)")
        let waiting = outcome.errorText.split(separator: "\n").filter { $0.hasSuffix("waiting for it") }
        #expect(waiting.count == 2)
        let arguments = String(decoding: try tree.read("arguments"), as: UTF8.self)
        #expect(
            arguments
                == "-o DPkg::Lock::Timeout=600 install --yes --no-install-recommends some-package\n")
    }

    @Test func installingEndsWhereTheOtherDoesNot() throws {
        let outcome = try run(
            ScriptLibraryTests.missing, patience: 1,
            aptGet: "echo \"\(ScriptLibraryTests.busy)\" >&2; exit 100\n")
        #expect(outcome.end == .exit(1))
        #expect(outcome.errorText.contains("held by process 7"))
        #expect(outcome.errorText.contains("could not install; run this as root first: apt-get install "))
    }

    @Test func otherFailuresAreNotWaitedFor() throws {
        let outcome = try run(
            ScriptLibraryTests.missing, patience: 600,
            aptGet: "echo 'E: Unable to locate package some-package' >&2; exit 100\n")
        #expect(outcome.end == .exit(1))
        #expect(!outcome.errorText.contains("waiting for it"))
    }
}
