internal import PassimConfig
internal import PassimCore

/// A serving thread's entry for the audit log: copied without formatting anything.
struct AuditRecord: Sendable {
    enum Event: Sendable {
        case published(cmdline: String)
        case shared(IPAddress)
        case deleted
    }

    /// Unix seconds.
    let time: Int64
    let digest: Digest
    let basename: RawName
    let size: UInt64
    let event: Event

    func line(_ clients: LogClients) -> AuditLine {
        let event: AuditLine.Event =
            switch event {
            case .published(let cmdline): .published(size: size, cmdline: cmdline)
            case .shared(let address): .shared(size: size, client: clients.text(of: address))
            case .deleted: .deleted
            }
        return AuditLine(time: time, digest: digest, basename: basename, event: event)
    }
}
