package import PassimCore

/// What a directory holds that is to be shared, found with nothing of the daemon's: find(1) and sha256sum(1).
///
/// With the default `Exclude`, written once more. Paths are no longer than PATH_MAX.
package struct FreshScan: Equatable, Sendable {
    /// By path relative to the directory.
    package private(set) var files: [RawName: Digest] = [:]

    package var digests: Set<Digest> { Set(files.values) }

    /// - Parameter directory: absolute; it may be a symlink; one that is missing or cannot be read holds nothing.
    /// - Parameter prefix: a program that runs the scan: nsenter(1), say.
    /// - Parameter setting: whom it runs as: what that user cannot read is not shared.
    package init(
        of directory: String, prefix: [String] = [], _ setting: ChildProcess.Setting = .init()
    ) throws {
        let arguments = prefix + ["bash", "-c", FreshScan.script, directory] + FreshScan.conditions
        let listed = try Command.succeed(arguments, setting, seconds: 300).output
        for line in listed.split(separator: 0) {
            // `HEX  ./PATH` of sha256sum -z, which escapes nothing.
            guard line.count > 68, let digest = Digest(hex: String(decoding: line.prefix(64), as: UTF8.self))
            else { throw TestFailure("sha256sum: \(String(decoding: line, as: UTF8.self))") }
            files[RawName(bytes: Array(line.dropFirst(68)))] = digest
        }
    }

    private static let script = """
        set -e -o pipefail
        [ -r "$0" ] && [ -x "$0" ] || exit 0
        cd "$0"
        LC_ALL=C find . -mindepth 1 "$@" -print0 | xargs -0 -r sha256sum -z --
        """

    /// A directory that has an excluded name is not entered, as one that cannot be read.
    private static let conditions: [String] =
        ["("] + anyOf(excludedNames) + [")", "-prune", "-o", "-type", "d", "("] + anyOf(excludedDirectories)
        + ["-o", "!", "-readable", "-o", "!", "-executable", ")", "-prune", "-o", "-type", "f", "-readable"]

    private static func anyOf(_ names: [String]) -> [String] {
        Array(names.map { ["-name", $0] }.joined(separator: ["-o"]))
    }

    private static let excludedNames = [
        ".?*." + String(repeating: "[0-9A-Za-z]", count: 6), "*.tmp", "*.part", "*.aria2", "*.aria2__temp",
        "*.FAILED",
    ]
    private static let excludedDirectories = [
        ".~tmp~", ".rsync-partial", "partial", "tmpdir.??????", ".repodata", ".git", "lost+found",
    ]
}
