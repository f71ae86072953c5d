// One conversation with avahi-daemon, from connecting to the first failure: the service, then the digests in
// groups, over as many connections as they need. It does what the plan says, one group a turn.

internal import PassimCore

final class AvahiSession {
    struct Announcement {
        var instance: String
        var port: UInt16
        var family: Family
        /// Nil is everywhere.
        var places: [AnnouncedPlace]?

        /// The places of each record.
        var extents: [EntryGroup.Extent] { places?.map { .init($0.link) } ?? [.init(family)] }
    }

    enum Phase: Equatable {
        /// avahi-daemon is not there, or settling its host name.
        case connecting, settling
        /// The service's name is being tried.
        case registering
        case published
    }

    /// A connection and whether it can have more groups.
    private final class Carrier {
        let connection: AvahiConnection
        /// Room for the new group when one is replaced and the connection is at its limit.
        var spare: EntryGroup?
        var isFull = false

        init(_ connection: AvahiConnection) throws(AvahiError) {
            self.connection = connection
            spare = try EntryGroup(connection)
        }
    }

    private struct Placed {
        var group: EntryGroup
        var carrier: Carrier
    }

    private let loop: AvahiLoop
    private let announcement: Announcement
    private let connection: AvahiConnection
    private var service: EntryGroup?
    /// Which host name the service was registered with, and when that was looked at.
    private var hostName = ""
    private var seenBeginning = 0
    /// Once the service is registered.
    private(set) var domain = ""
    /// The content of every record of a digest.
    private var pointer: [UInt8] = []
    private var carriers: [Carrier] = []
    private var placed: [RecordPlan.GroupNumber: Placed] = [:]
    private(set) var reachedLimits: Set<AvahiLimit> = []
    private(set) var phase = Phase.connecting

    /// A user has 256 connections to the bus (max_connections_per_user); others of ours need some.
    private static let mostCarriers = 200
    /// How long peers keep a record that is gone. A cache takes 4096 records, and new ones are dropped when
    /// it is full: with a TTL of 4500 s look-ups fail after 6000.
    static let lifetime: UInt32 = 10

    /// - Throws: where there is no bus.
    init(_ loop: AvahiLoop, _ announcement: Announcement) throws(AvahiError) {
        self.loop = loop
        self.announcement = announcement
        connection = try AvahiConnection(loop)
    }

    deinit {
        close()
    }

    /// Withdraws the records, then the service: no digest is found whose service is not.
    func close() {
        for carrier in carriers where carrier.connection !== connection { carrier.connection.close() }
        connection.close()
    }

    // MARK: - A turn

    /// Does one thing for the digests; once the service is published.
    ///
    /// - Returns: whether there is more to do at once.
    func advance(_ plan: inout RecordPlan) throws(AvahiError) -> Bool {
        guard let step = plan.next() else { return false }
        try perform(step, &plan)
        return true
    }

    /// Looks after the service, and leaves the records as they are.
    func keep() throws(AvahiError) {
        try check()
        try keepService()
    }

    private func check() throws(AvahiError) {
        if let failure = connection.failure { throw failure }
        for carrier in carriers { if let failure = carrier.connection.failure { throw failure } }
        switch service?.state {
        case .collision: throw AvahiError(code: .collision, action: "registering \(announcement.instance)")
        case .failed: throw AvahiError(code: .failure, action: "registering \(announcement.instance)")
        case .uncommitted, .registering, .established, nil: break
        }
    }

    /// Registers the service, and again where the host has got another name: the SRV record holds it. The
    /// records of the digests hold the service's name only, and stay.
    private func keepService() throws(AvahiError) {
        guard connection.isRunning else {
            if phase != .published { phase = connection.isUsable ? .settling : .connecting }
            return
        }
        if seenBeginning != connection.beginnings {
            seenBeginning = connection.beginnings
            let name = connection.hostName
            if name != hostName {
                try registerService()
                hostName = name
            }
        }
        if phase != .published { phase = service?.state == .established ? .published : .registering }
    }

    private func registerService() throws(AvahiError) {
        let group: EntryGroup
        if let service {
            group = service
            try group.reset()
        } else {
            group = try EntryGroup(connection)
            service = group
            domain = connection.domain
            pointer = CacheService.pointer(to: announcement.instance, domain: domain)
        }
        if let places = announcement.places {
            for place in places { try addService(to: group, at: place) }
        } else {
            try group.addService(
                announcement.instance, type: CacheService.type, port: announcement.port,
                on: .init(announcement.family))
        }
        try group.commit()
    }

    /// If only some addresses of an interface are listened at, the host's name would lead to the others too.
    private func addService(to group: EntryGroup, at place: AnnouncedPlace) throws(AvahiError) {
        let extent = EntryGroup.Extent(place.link)
        let host = place.addresses.map { _ in "\(announcement.instance).\(domain)" }
        for address in place.addresses ?? [] { try group.addAddress(host!, address, on: extent) }
        try group.addService(
            announcement.instance, type: CacheService.type, host: host, port: announcement.port, on: extent)
    }

    // MARK: - Groups

    /// Digests of a group: avahi-daemon counts their records.
    var groupSize: Int { max(1, 32 / announcement.extents.count) }

    private func perform(_ step: RecordPlan.Step, _ plan: inout RecordPlan) throws(AvahiError) {
        guard !step.slots.isEmpty else {
            free(step.replaced)
            _ = plan.done(step, count: 0)
            return
        }
        guard let made = try makeGroup(replacing: step.replaced) else {
            plan.full()
            return
        }
        var count = 0
        var refused = false
        for slot in step.slots.prefix(plan.groupSize) {
            do throws(AvahiError) {
                let name = "\(CacheService.subtype(of: plan.digest(slot))).\(domain)"
                for extent in announcement.extents {
                    try made.group.addPointer(name, to: pointer, seconds: AvahiSession.lifetime, on: extent)
                }
            } catch {
                guard error.code == .tooManyEntries, count > 0 else { throw error }
                refused = true
                reachedLimits.insert(.entriesPerGroup)
                break
            }
            count += 1
        }
        try made.group.commit()
        free(step.replaced)
        if let number = plan.done(step, count: count, refused: refused) { placed[number] = made }
        refillSpare(made.carrier)
    }

    private func free(_ numbers: [RecordPlan.GroupNumber]) {
        // The group goes with its last reference.
        for number in numbers { placed.removeValue(forKey: number)?.carrier.isFull = false }
    }

    private func refillSpare(_ carrier: Carrier) {
        guard carrier.spare == nil else { return }
        // One has just been freed. Where it was another connection's there is none: then the next that is
        // replaced goes elsewhere.
        carrier.spare = try? EntryGroup(carrier.connection)
    }

    /// - Returns: nil where no connection takes a further group, and there is nothing to replace.
    private func makeGroup(replacing: [RecordPlan.GroupNumber]) throws(AvahiError) -> Placed? {
        for carrier in carriers where !carrier.isFull {
            if let group = try group(on: carrier) { return Placed(group: group, carrier: carrier) }
        }
        if let carrier = replacing.lazy.compactMap({ self.placed[$0]?.carrier }).first(where: {
            $0.spare != nil
        }) {
            carrier.spare = nil
            return Placed(group: try EntryGroup(carrier.connection), carrier: carrier)
        }
        if let carrier = try addCarrier(), let group = try group(on: carrier) {
            return Placed(group: group, carrier: carrier)
        }
        // Without a spare the records of one group do not answer for some milliseconds.
        guard let carrier = replacing.first.flatMap({ self.placed.removeValue(forKey: $0)?.carrier }) else {
            return nil
        }
        return Placed(group: try EntryGroup(carrier.connection), carrier: carrier)
    }

    private func group(on carrier: Carrier) throws(AvahiError) -> EntryGroup? {
        do throws(AvahiError) {
            return try EntryGroup(carrier.connection)
        } catch {
            guard error.code == .tooManyObjects else { throw error }
            carrier.isFull = true
            reachedLimits.insert(.objectsPerConnection)
            return nil
        }
    }

    /// - Returns: nil where there can be no more connections.
    private func addCarrier() throws(AvahiError) -> Carrier? {
        if carriers.isEmpty {
            // The service's connection has room for digests too, as a rule.
            if let carrier = try carrier(connection) { return carrier }
        }
        guard carriers.count < AvahiSession.mostCarriers else {
            reachedLimits.insert(.objectsPerConnection)
            return nil
        }
        let another: AvahiConnection
        do throws(AvahiError) {
            another = try AvahiConnection(loop)
        } catch {
            reachedLimits.insert(.connectionsOfTheBus)
            return nil
        }
        // It knows from the beginning where avahi-daemon is there.
        guard another.isUsable else { throw AvahiError(code: .failure, action: "connecting once more") }
        return try carrier(another)
    }

    private func carrier(_ connection: AvahiConnection) throws(AvahiError) -> Carrier? {
        do throws(AvahiError) {
            let carrier = try Carrier(connection)
            carriers.append(carrier)
            return carrier
        } catch {
            switch error.code {
            case .tooManyObjects: reachedLimits.insert(.objectsPerConnection)
            case .tooManyClients: reachedLimits.insert(.connectionsOfAvahi)
            default: throw error
            }
            return nil
        }
    }
}
