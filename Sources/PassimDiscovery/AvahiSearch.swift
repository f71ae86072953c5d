// One question to the network: a browser, and a resolver for each answer. Avahi's callbacks only write down what
// they are told; it is acted upon between two turns of the loop, when objects may be made and freed.

internal import CAvahi
internal import PassimCore

final class AvahiSearch {
    typealias Number = UInt64

    /// An instance that says it has what is asked for, on one interface and over one version of IP.
    struct Hit {
        var interface: CInt
        var family: CInt
        var name: String
        var type: String
        var domain: String
    }

    /// Asks for a hit's address.
    final class Resolver {
        /// Frees it before it goes.
        fileprivate unowned let search: AvahiSearch
        private let connection: AvahiConnection
        fileprivate var pointer: OpaquePointer?
        fileprivate(set) var isDone = false

        fileprivate init(_ search: AvahiSearch) {
            self.search = search
            connection = search.connection
        }

        fileprivate func free() {
            if connection.isOpen, let pointer { avahi_service_resolver_free(pointer) }
            pointer = nil
        }
    }

    /// More instances of one digest are not asked for their address: whoever looks asks a few.
    private static let mostHits = 64

    private let connection: AvahiConnection
    private let asker: PeerBrowser.Asker
    private let filter: PeerFilter
    private var browser: OpaquePointer?
    private var waiting: [Hit] = []
    private var resolvers: [Resolver] = []
    private var hitCount = 0
    private var found: Set<Peer> = []
    /// No more answers are to be expected, or there was none to ask.
    private var hasAll = false
    /// When it ends whatever happens.
    let deadline: UInt64

    /// - Throws: `.tooManyObjects` where the connection can have no more.
    init(
        _ type: String, over family: Family, _ connection: AvahiConnection, _ asker: PeerBrowser.Asker,
        _ filter: PeerFilter, deadline: UInt64
    ) throws(AvahiError) {
        self.connection = connection
        self.asker = asker
        self.filter = filter
        self.deadline = deadline
        browser = connection.lend { client in
            avahi_service_browser_new(
                client, CInt(AVAHI_IF_UNSPEC), family.rawValue, type, nil, .init(rawValue: 0),
                { (_, interface, family, event, name, type, domain, flags, owner) in
                    let search = Unmanaged<AvahiSearch>.fromOpaque(owner!).takeUnretainedValue()
                    search.browsed(event, interface, family, name, type, domain, flags)
                }, Unmanaged.passUnretained(self).toOpaque())
        }
        guard browser != nil else { throw connection.error("browsing") }
    }

    deinit {
        for resolver in resolvers { resolver.free() }
        if connection.isOpen, let browser { avahi_service_browser_free(browser) }
    }

    /// Objects of the connection.
    var objectCount: Int { 1 + resolvers.count }

    /// All that have answered have been asked for their address, and have told it or not.
    var isOver: Bool { hasAll && waiting.isEmpty && resolvers.isEmpty }

    func finish() { asker.end() }

    // MARK: - Browsing

    private func browsed(
        _ event: AvahiBrowserEvent, _ interface: CInt, _ family: CInt, _ name: UnsafePointer<CChar>?,
        _ type: UnsafePointer<CChar>?, _ domain: UnsafePointer<CChar>?, _ flags: AvahiLookupResultFlags
    ) {
        switch event {
        case AVAHI_BROWSER_NEW:
            let own = AVAHI_LOOKUP_RESULT_LOCAL.rawValue | AVAHI_LOOKUP_RESULT_OUR_OWN.rawValue
            guard flags.rawValue & own == 0, hitCount < AvahiSearch.mostHits, let name, let type, let domain
            else {
                return
            }
            hitCount += 1
            waiting.append(
                Hit(
                    interface: interface, family: family, name: String(cString: name),
                    type: String(cString: type), domain: String(cString: domain)))
        case AVAHI_BROWSER_ALL_FOR_NOW, AVAHI_BROWSER_FAILURE: hasAll = true
        default: break
        }
    }

    // MARK: - Resolving

    /// Frees what has answered and asks for the addresses of further hits.
    ///
    /// - Parameter room: how many objects there may be more; less when it returns.
    func advance(_ room: inout Int) throws(AvahiError) {
        for resolver in resolvers where resolver.isDone {
            resolver.free()
            room += 1
        }
        resolvers.removeAll { $0.isDone }
        while room > 0, let hit = waiting.first {
            try resolve(hit)
            waiting.removeFirst()
            room -= 1
        }
    }

    private func resolve(_ hit: Hit) throws(AvahiError) {
        let resolver = Resolver(self)
        resolver.pointer = connection.lend { client in
            // The address of the family that the answer came over: as a stock peer asks.
            avahi_service_resolver_new(
                client, hit.interface, hit.family, hit.name, hit.type, hit.domain, hit.family,
                AVAHI_LOOKUP_NO_TXT,
                { (_, interface, _, event, name, _, _, host, address, port, _, _, owner) in
                    let resolver = Unmanaged<Resolver>.fromOpaque(owner!).takeUnretainedValue()
                    resolver.isDone = true
                    if event == AVAHI_RESOLVER_FOUND, let address {
                        resolver.search.resolved(name, host, address, port, interface)
                    }
                }, Unmanaged.passUnretained(resolver).toOpaque())
        }
        guard resolver.pointer != nil else { throw connection.error("resolving \(hit.name)") }
        resolvers.append(resolver)
    }

    private func resolved(
        _ name: UnsafePointer<CChar>?, _ host: UnsafePointer<CChar>?,
        _ address: UnsafePointer<AvahiAddress>, _ port: UInt16, _ interface: CInt
    ) {
        guard let address = IPAddress(address, interface: interface) else { return }
        let peer = Peer(address: address, port: port)
        guard filter.accepts(peer, heardOn: UInt32(bitPattern: interface)), found.insert(peer).inserted else {
            return
        }
        asker.found(
            Neighbour(
                name: name.map { String(cString: $0) } ?? "", host: host.map { String(cString: $0) } ?? "",
                peer: peer))
    }
}

extension IPAddress {
    /// - Parameter interface: where it was heard of; part of link-local IPv6 addresses only.
    fileprivate init?(_ address: UnsafePointer<AvahiAddress>, interface: CInt) {
        var bytes: (UInt64, UInt64) = (0, 0)
        withUnsafeMutableBytes(of: &bytes) { buffer in
            cavahi_address_bytes(address, buffer.bindMemory(to: UInt8.self).baseAddress)
        }
        switch address.pointee.proto {
        case Family.ipv4.rawValue:
            self.init(ipv4: UInt32(truncatingIfNeeded: UInt64(bigEndian: bytes.0) >> 32))
        case Family.ipv6.rawValue:
            let high = UInt64(bigEndian: bytes.0)
            let address = IPAddress(high: high, low: UInt64(bigEndian: bytes.1))
            let needsScope = address.isLinkLocal && !address.isIPv4
            self.init(high: high, low: address.low, scope: needsScope ? UInt32(max(0, interface)) : 0)
        default: return nil
        }
    }
}
