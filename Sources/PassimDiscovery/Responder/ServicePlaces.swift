// On which links avahi-daemon has our service: those where it has said the SRV record itself and keeps it. It may
// be told to leave out interfaces (deny-interfaces) or a version of IP, and a digest that is found where its
// service does not resolve fails the whole search of a stock peer.

internal import CAvahi

final class ServicePlaces {
    private let connection: AvahiConnection
    private var browser: OpaquePointer?
    private(set) var links: Set<Link> = []
    /// There has been any.
    private(set) var hasTold = false
    /// All that was there at the beginning has been told.
    private(set) var isComplete = false

    /// - Parameter connection: its own.
    init(
        _ instance: String, domain: String, over family: Family, _ connection: AvahiConnection
    ) throws(AvahiError) {
        self.connection = connection
        browser = connection.lend { client in
            avahi_record_browser_new(
                client, CInt(AVAHI_IF_UNSPEC), family.rawValue, "\(instance).\(CacheService.type).\(domain)",
                UInt16(AVAHI_DNS_CLASS_IN), UInt16(AVAHI_DNS_TYPE_SRV), .init(rawValue: 0),
                { (_, interface, family, event, _, _, _, _, _, flags, owner) in
                    let places = Unmanaged<ServicePlaces>.fromOpaque(owner!).takeUnretainedValue()
                    places.browsed(event, interface, family, flags)
                }, Unmanaged.passUnretained(self).toOpaque())
        }
        guard browser != nil else { throw connection.error("asking where the service is") }
    }

    deinit {
        if connection.isOpen, let browser { avahi_record_browser_free(browser) }
    }

    private func browsed(
        _ event: AvahiBrowserEvent, _ interface: CInt, _ family: CInt, _ flags: AvahiLookupResultFlags
    ) {
        let link = Link(
            interface: UInt32(bitPattern: interface), isIPv6: family == Family.ipv6.rawValue)
        switch event {
        case AVAHI_BROWSER_NEW:
            // Another host that says it has the name is a collision, which the service's group is told of.
            if flags.rawValue & AVAHI_LOOKUP_RESULT_LOCAL.rawValue != 0 {
                links.insert(link)
                hasTold = true
            }
        case AVAHI_BROWSER_REMOVE: links.remove(link)
        case AVAHI_BROWSER_ALL_FOR_NOW, AVAHI_BROWSER_FAILURE: isComplete = true
        default: break
        }
    }
}
