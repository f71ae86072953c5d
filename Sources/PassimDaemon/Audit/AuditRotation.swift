package import PassimConfig
internal import PassimCore
package import PassimSystem

/// When the log becomes an old one, and how many of those are kept: `audit.log.1` is the youngest.
package struct AuditRotation: Sendable, Equatable {
    /// Bytes of a log at most; 0: any number.
    package var size: UInt64
    package var kept: Int

    package init(size: UInt64, kept: Int) {
        self.size = size
        self.kept = kept
    }

    package init(_ configuration: DaemonConfiguration) {
        self.init(size: configuration.auditLogSize, kept: configuration.auditLogsKept)
    }

    package static let never = AuditRotation(size: 0, kept: 0)

    /// The name of an old log.
    static func path(of log: String, number: Int) -> String { "\(log).\(number)" }

    /// Renames the log and those before it. A name that is no regular file (a symlink, a FIFO) stays as it is.
    ///
    /// - Returns: false where it stays.
    func rotate(_ path: String) throws(SystemError) -> Bool {
        let directory = try Descriptor.open(parentDirectory(of: path), [.readOnly, .directory])
        let name = RawName(path).basename
        guard try directory.open(name, [.path, .noFollow]).status().kind == .regular else { return false }
        guard kept > 0 else {
            try directory.unlink(name)
            return true
        }
        func old(_ number: Int) -> RawName { RawName(AuditRotation.path(of: path, number: number)).basename }
        for number in stride(from: kept - 1, to: 0, by: -1) {
            do throws(SystemError) {
                try directory.rename(old(number), to: old(number + 1))
            } catch {
                if error.code != .notFound { throw error }
            }
        }
        try directory.rename(name, to: old(1))
        return true
    }
}
