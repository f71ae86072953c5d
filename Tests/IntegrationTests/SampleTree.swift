import PassimCore
import PassimTestKit

extension DaemonSite {
    /// Writes a small tree with directories in directories, replacing what was there.
    ///
    /// - Parameter version: some files are the same in all versions, some have the same size and other bytes,
    ///   some are in the even or the odd versions only. Times are those of the version.
    func makeSample(_ directory: String, version: Int = 1) throws {
        try Command.succeed(["rm", "-rf", tree.absolute(directory)])
        let time = Timestamp(seconds: 1_600_000_000 + Int64(version) * 100, nanoseconds: 5_000_000)
        func file(_ path: String, _ content: String, at time: Timestamp) throws {
            try tree.write("\(directory)/\(path)", content)
            try tree.setModified("\(directory)/\(path)", time)
        }
        for path in ["same", "dir/same", "dir/deep/er/same", "with space/ünï/same", ".hidden"] {
            try file(path, "the same \(path)", at: DaemonSite.longAgo)
        }
        for path in ["changing", "dir/changing", "dir/deep/er/changing", "with space/ünï/changing"] {
            try file(path, "version \(version % 10) of \(path)", at: time)
        }
        try file("growing", String(repeating: "\(version)", count: 10_000 * version), at: time)
        let parity = version % 2 == 0 ? "even" : "odd"
        for path in [
            "\(parity)", "dir/\(parity)", "\(parity) dir/a", "\(parity) dir/b/c", "dir/\(parity)/d/e",
        ] {
            try file("\(path)s", "\(path) \(version)", at: time)
        }
    }
}
