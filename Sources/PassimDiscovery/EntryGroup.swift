internal import CAvahi

/// Records that are published and withdrawn together, an AvahiEntryGroup. Once committed it takes no more.
final class EntryGroup {
    enum State {
        case uncommitted, registering, established
        /// Somebody else has the name; the records are withdrawn.
        case collision
        case failed
    }

    private(set) var state = State.uncommitted
    private let connection: AvahiConnection
    private var pointer: OpaquePointer?

    /// - Throws: `.tooManyObjects` where the connection can have no more, `.tooManyClients` where avahi-daemon
    ///   does not know the connection yet and can know no more.
    init(_ connection: AvahiConnection) throws(AvahiError) {
        self.connection = connection
        // The first call of the callback comes from within, before `pointer` is set.
        pointer = connection.lend { client in
            avahi_entry_group_new(
                client,
                { _, state, owner in
                    Unmanaged<EntryGroup>.fromOpaque(owner!).takeUnretainedValue().changed(state)
                }, Unmanaged.passUnretained(self).toOpaque())
        }
        guard pointer != nil else { throw connection.error("making an entry group") }
    }

    deinit {
        if connection.isOpen, let pointer { avahi_entry_group_free(pointer) }
    }

    private func changed(_ state: AvahiEntryGroupState) {
        switch state {
        case AVAHI_ENTRY_GROUP_UNCOMMITED: self.state = .uncommitted
        case AVAHI_ENTRY_GROUP_REGISTERING: self.state = .registering
        case AVAHI_ENTRY_GROUP_ESTABLISHED: self.state = .established
        case AVAHI_ENTRY_GROUP_COLLISION: self.state = .collision
        default: self.state = .failed
        }
    }

    /// A service of this host on all its interfaces, in the default domain.
    func addService(_ name: String, type: String, port: UInt16, over family: Family) throws(AvahiError) {
        try avahi(
            "adding the service \(name)",
            avahi_entry_group_add_service_strlst(
                pointer, EntryGroup.allInterfaces, family.rawValue, .init(rawValue: 0), name, type, nil, nil,
                port, nil))
    }

    /// A PTR record that is not multicast until somebody asks for it, and no goodbye when it goes: others
    /// keep it for `seconds`.
    ///
    /// - Parameter content: as it is on the wire.
    /// - Throws: `.tooManyEntries` where the group takes no more.
    func addPointer(
        _ name: String, to content: [UInt8], seconds: UInt32, over family: Family
    ) throws(AvahiError) {
        let code = content.withUnsafeBytes { bytes in
            avahi_entry_group_add_record(
                pointer, EntryGroup.allInterfaces, family.rawValue, AVAHI_PUBLISH_NO_ANNOUNCE, name,
                UInt16(AVAHI_DNS_CLASS_IN), UInt16(AVAHI_DNS_TYPE_PTR), seconds, bytes.baseAddress,
                bytes.count
            )
        }
        try avahi("adding the record \(name)", code)
    }

    func commit() throws(AvahiError) {
        try avahi("committing an entry group", avahi_entry_group_commit(pointer))
    }

    /// Withdraws everything; the group can be filled again, and commits with a delay of up to a second.
    func reset() throws(AvahiError) {
        try avahi("resetting an entry group", avahi_entry_group_reset(pointer))
    }

    private static let allInterfaces = CInt(AVAHI_IF_UNSPEC)
}

/// Which of IP's versions mDNS is spoken over.
enum Family: CInt {
    /// AVAHI_PROTO_INET
    case ipv4 = 0
    /// AVAHI_PROTO_INET6
    case ipv6 = 1
    /// AVAHI_PROTO_UNSPEC
    case both = -1
}
