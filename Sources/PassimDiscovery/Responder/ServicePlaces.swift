// On which links others can reach our service: those where avahi-daemon has said the SRV record itself and keeps it,
// and where it resolves to an address. It may be told to leave out interfaces (deny-interfaces), a version of IP or the
// addresses (publish-addresses=no), and a digest that is found where its service does not resolve fails the whole
// search of a stock peer.

internal import CAvahi
internal import PassimSystem

final class ServicePlaces {
    enum Finding {
        /// There may be more to come.
        case unknown
        /// It resolves, on one link at least; on which ones, `links` tells.
        case resolved
        /// It is there, and has no address.
        case unresolved
        /// avahi-daemon does not tell: its cache is full, say, 4096 records of others, and has no room for its own.
        case untold
    }

    /// Asks for the service on one link as a stock peer does.
    private final class Resolver {
        private let connection: AvahiConnection
        var pointer: OpaquePointer?
        var isResolved = false
        /// It did not the last time.
        var hasFailed = false
        /// When to ask again.
        var due: UInt64?

        init(_ connection: AvahiConnection) {
            self.connection = connection
        }

        func free() {
            if connection.isOpen, let pointer { avahi_service_resolver_free(pointer) }
            pointer = nil
        }
    }

    private let instance: String
    private let domain: String
    private let connection: AvahiConnection
    private var browser: OpaquePointer?
    /// The contents of SRV records of this host. One with the host's new name comes before that with its old one goes.
    private var records: [Link: Set<[UInt8]>] = [:]
    private var resolvers: [Link: Resolver] = [:]
    /// All that was there at the beginning has been told.
    private var isComplete = false
    /// The end of waiting: a link that is not known by then is not told.
    private let limit = monotonicNanoseconds() + ServicePlaces.longest

    /// avahi-daemon gives up after 5 s; then it is asked again.
    private static let pause: UInt64 = 5_000_000_000
    private static let longest: UInt64 = 15_000_000_000

    /// - Parameter connection: its own.
    init(
        _ instance: String, domain: String, over family: Family, _ connection: AvahiConnection
    ) throws(AvahiError) {
        self.instance = instance
        self.domain = domain
        self.connection = connection
        browser = connection.lend { client in
            avahi_record_browser_new(
                client, CInt(AVAHI_IF_UNSPEC), family.rawValue, "\(instance).\(CacheService.type).\(domain)",
                UInt16(AVAHI_DNS_CLASS_IN), UInt16(AVAHI_DNS_TYPE_SRV), .init(rawValue: 0),
                { (_, interface, family, event, _, _, _, data, size, flags, owner) in
                    let places = Unmanaged<ServicePlaces>.fromOpaque(owner!).takeUnretainedValue()
                    let content = UnsafeRawBufferPointer(start: data, count: size)
                    places.browsed(event, interface, family, Array(content), flags)
                }, Unmanaged.passUnretained(self).toOpaque())
        }
        guard browser != nil else { throw connection.error("asking where the service is") }
    }

    deinit {
        for resolver in resolvers.values { resolver.free() }
        if connection.isOpen, let browser { avahi_record_browser_free(browser) }
    }

    /// The links on which the service resolves.
    var links: Set<Link> { Set(resolvers.filter { $0.value.isResolved }.keys) }

    func finding(at now: UInt64) -> Finding {
        if resolvers.values.contains(where: \.isResolved) { return .resolved }
        let isOver = now >= limit || connection.failure != nil
        guard isComplete || isOver else { return .unknown }
        if records.isEmpty || connection.failure != nil { return .untold }
        return resolvers.count == records.count && resolvers.values.allSatisfy(\.hasFailed)
            ? .unresolved : isOver ? .untold : .unknown
    }

    /// When `advance` has something to do, or `finding` says something else.
    func due(after now: UInt64) -> UInt64? {
        let retry = resolvers.values.compactMap(\.due).min()
        return [retry, limit > now ? limit : nil].compactMap { $0 }.min()
    }

    /// Asks where the service has come to be, and where it did not resolve, again.
    func advance(at now: UInt64) throws(AvahiError) {
        for (link, resolver) in resolvers
        where records[link] == nil || resolver.due.map({ $0 <= now }) ?? false {
            resolver.free()
            resolver.due = nil
            if records[link] == nil {
                resolvers[link] = nil
            } else {
                resolver.pointer = try resolve(link, resolver)
            }
        }
        for link in records.keys where resolvers[link] == nil {
            let resolver = Resolver(connection)
            resolver.pointer = try resolve(link, resolver)
            resolvers[link] = resolver
        }
    }

    private func resolve(_ link: Link, _ resolver: Resolver) throws(AvahiError) -> OpaquePointer {
        let family = (link.isIPv6 ? Family.ipv6 : .ipv4).rawValue
        let pointer = connection.lend { client in
            // The address of the version that it is announced over: as a stock peer asks.
            avahi_service_resolver_new(
                client, CInt(bitPattern: link.interface), family, instance, CacheService.type, domain, family,
                AVAHI_LOOKUP_NO_TXT,
                { (_, _, _, event, _, _, _, _, _, _, _, _, owner) in
                    let resolver = Unmanaged<Resolver>.fromOpaque(owner!).takeUnretainedValue()
                    resolver.isResolved = event == AVAHI_RESOLVER_FOUND
                    resolver.hasFailed = !resolver.isResolved
                    resolver.due = resolver.hasFailed ? monotonicNanoseconds() + ServicePlaces.pause : nil
                }, Unmanaged.passUnretained(resolver).toOpaque())
        }
        guard let pointer else { throw connection.error("resolving \(instance)") }
        return pointer
    }

    private func browsed(
        _ event: AvahiBrowserEvent, _ interface: CInt, _ family: CInt, _ content: [UInt8],
        _ flags: AvahiLookupResultFlags
    ) {
        let link = Link(
            interface: UInt32(bitPattern: interface), isIPv6: family == Family.ipv6.rawValue)
        switch event {
        case AVAHI_BROWSER_NEW:
            // Another host that says it has the name is a collision, which the service's group is told of.
            if flags.rawValue & AVAHI_LOOKUP_RESULT_LOCAL.rawValue != 0 {
                records[link, default: []].insert(content)
            }
        case AVAHI_BROWSER_REMOVE:
            records[link]?.remove(content)
            if records[link]?.isEmpty == true { records[link] = nil }
        case AVAHI_BROWSER_ALL_FOR_NOW, AVAHI_BROWSER_FAILURE: isComplete = true
        default: break
        }
    }
}
