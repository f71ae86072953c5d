internal import CAvahi
internal import PassimCore

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

    /// A service in the default domain.
    ///
    /// - Parameter host: with its domain; nil is this host by its own name.
    func addService(
        _ name: String, type: String, host: String? = nil, port: UInt16, on extent: Extent
    ) throws(AvahiError) {
        try avahi(
            "adding the service \(name)",
            avahi_entry_group_add_service_strlst(
                pointer, extent.interface, extent.family.rawValue, .init(rawValue: 0), name, type, nil, host,
                port, nil))
    }

    /// An address of a name of our own; the address's name is the host's.
    func addAddress(_ name: String, _ address: IPAddress, on extent: Extent) throws(AvahiError) {
        // In network order; of an IPv4 address the last four.
        let bytes = [address.high, address.low].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) }
        }
        let family = address.isIPv4 ? Family.ipv4 : .ipv6
        var converted = cavahi_address(family.rawValue, address.isIPv4 ? Array(bytes[12...]) : bytes)
        let code = avahi_entry_group_add_address(
            pointer, extent.interface, extent.family.rawValue, AVAHI_PUBLISH_NO_REVERSE, name, &converted)
        try avahi("adding the address \(address) of \(name)", code)
    }

    /// A PTR record that is not multicast until somebody asks for it, and no goodbye when it goes: others
    /// keep it for `seconds`.
    ///
    /// - Parameter content: as it is on the wire.
    /// - Throws: `.tooManyEntries` where the group takes no more.
    func addPointer(
        _ name: String, to content: [UInt8], seconds: UInt32, on extent: Extent
    ) throws(AvahiError) {
        let code = content.withUnsafeBytes { bytes in
            avahi_entry_group_add_record(
                pointer, extent.interface, extent.family.rawValue, AVAHI_PUBLISH_NO_ANNOUNCE, name,
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

    /// The interface and the family that records are for.
    struct Extent {
        /// if_nametoindex(3), or AVAHI_IF_UNSPEC.
        fileprivate var interface: CInt
        fileprivate var family: Family

        init(_ link: Link) {
            interface = CInt(bitPattern: link.interface)
            family = link.isIPv6 ? .ipv6 : .ipv4
        }

        /// On all interfaces.
        init(_ family: Family) {
            interface = CInt(AVAHI_IF_UNSPEC)
            self.family = family
        }
    }
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
