internal import PassimCore
internal import PassimGLib
internal import PassimSystem

/// Answers the calls of both interfaces. Those of Properties at once, on the bus's thread; what may block goes to
/// threads of its own, so that a caller who stalls blocks nobody; who calls is what the bus says, never what they
/// say.
///
/// Every call but those is counted for its user, each kind by itself: a user who floods us takes nothing from others, and
/// nobody takes root's share.
final class BusCalls: Sendable {
    let object: any BusObject
    /// True if any user may publish.
    private let insecure: Bool
    private let listing = CallQueue(
        name: "bus listing", threads: 3, rootThreads: 1, waiting: 64, waitingPerUser: 32)
    private let publishing = CallQueue(
        name: "bus publishing", threads: 10, rootThreads: 2, waiting: 64, waitingPerUser: 32)
    private let administration = CallQueue(name: "bus", threads: 2, waiting: 64, waitingPerUser: 32)
    /// Calls of Publish whose process the bus is asked about, and those that wait for peers.
    private let naming = UserQuota(BusCalls.waiting)
    private let finding = UserQuota(.init(eachUser: 64, allUsers: 128, root: 128))
    private let reporting = UserQuota(BusCalls.waiting)
    private let replies = ReplyLedger()

    private static let waiting = UserQuota.Limits(eachUser: 32, allUsers: 96, root: 64)
    /// Bytes of parameters that a call may have: they wait with it.
    private static let mostParameters = 65536

    init(object: any BusObject, insecure: Bool) {
        self.object = object
        self.insecure = insecure
    }

    /// On the bus's thread.
    func handle(_ call: BusInvocation, from senders: Senders) {
        guard call.parameters.size <= BusCalls.mostParameters else {
            return call.fail(
                BusNames.limitsExceeded, "the parameters of \(call.method) are too long: at most 64 KiB")
        }
        // The answer would wait with all others until the bus goes on.
        if call.isBlocked { return refuse(call) }
        switch (call.interface, call.method) {
        case (BusNames.properties, "Get"), (BusNames.properties, "GetAll"): answerProperties(call)
        case (BusNames.passim, "GetItems"): withUser(of: call, senders) { self.getItems(call, $0, senders) }
        case (BusNames.passim, "Publish"):
            authorize(call, senders, everybody: insecure) { self.publish(call, $0, senders) }
        case (BusNames.passim, "Unpublish"):
            authorize(call, senders, everybody: insecure) { self.unpublish(call, $0) }
        case (BusNames.mirror, "ListItems"):
            withUser(of: call, senders) { self.listItems(call, $0, senders) }
        case (BusNames.mirror, "Rescan"):
            authorize(call, senders, everybody: false) { self.rescan(call, $0) }
        case (BusNames.mirror, "Vouch"): authorize(call, senders, everybody: false) { self.vouch(call, $0) }
        case (BusNames.mirror, "FindPeers"): withUser(of: call, senders) { self.findPeers(call, $0) }
        case (BusNames.mirror, "ReportPeer"): withUser(of: call, senders) { self.reportPeer(call, $0) }
        default: call.fail(BusNames.unknownMethod, "no method \(call.method) in \(call.interface)")
        }
    }

    /// Refuses what comes from now on and waits for what runs, until the deadline of `monotonicNanoseconds()`.
    func finish(until deadline: UInt64) {
        for queue in [publishing, administration, listing] { queue.close(until: deadline) }
    }

    /// Forgets what was sent over a connection that is given up: it counts no longer.
    func forgetUnread() {
        replies.forgetUnread()
    }

    private func answerProperties(_ call: BusInvocation) {
        let parameters = call.parameters.children
        let interface = parameters[0].string ?? ""
        let properties = object.properties
        if call.method == "GetAll", let all = properties.dictionary(of: interface) {
            return call.answer(Variant(tuple: [all]))
        }
        // GDBus has compared the name with the description.
        if call.method == "Get", let name = parameters[1].string,
            let value = properties.value(name, of: interface)
        {
            return call.answer(Variant(tuple: [Variant(boxing: value)]))
        }
        call.fail(BusNames.invalidArguments, "no such property of \(interface)")
    }

    // MARK: - Listings

    private func getItems(_ call: BusInvocation, _ user: UInt32, _ senders: Senders) {
        let count = min(object.properties.mirror?.itemCount ?? .max, UInt64(ItemListWriter.maximumItems))
        list(call, items: Int(count), for: user, senders) { [object] in
            var items = ItemListWriter()
            object.forEachItem { items.add($0) }
            return items.finish()
        }
    }

    private func listItems(_ call: BusInvocation, _ user: UInt32, _ senders: Senders) {
        let parameters = call.parameters.children
        let offset = parameters[0].uint64 ?? 0
        let limit = min(parameters[1].uint32 ?? 0, ItemListWriter.maximumPage)
        let filter = parameters[2].string ?? ""
        list(call, items: Int(limit), for: user, senders) { [object] in
            let page = object.items(offset: offset, limit: limit, filter: filter)
            var items = ItemListWriter()
            for item in page.items where !items.add(item) { break }
            return items.finish(total: page.total)
        }
    }

    /// Answers with a listing, if there is room for it.
    ///
    /// - Parameter count: of items that it may have.
    private func list(
        _ call: BusInvocation, items count: Int, for user: UInt32, _ senders: Senders,
        _ body: @escaping @Sendable () -> MessageBody?
    ) {
        let size = min(count * ItemListWriter.usualItem + 1024, ItemListWriter.maximumSize)
        replies.reserve(size, for: user, of: call.sender, asking: senders.unread) { [self] reservation in
            guard let reservation else { return refuse(call) }
            submit(call, to: listing, for: user) { [self] in
                guard var listing = body() else {
                    return call.fail(BusNames.noMemory, "no memory for the listing: try again later")
                }
                guard reservation.settle(listing.count) else { return refuse(call) }
                listing.companion = reservation
                call.answer(listing)
            }
        }
    }

    // MARK: - Publishing

    private func publish(_ call: BusInvocation, _ user: UInt32, _ senders: Senders) {
        let request: PublishRequest
        do throws(PublishError) {
            request = try PublishArguments.read(call.parameters.children[1])
            guard call.descriptorCount == 1 else {
                throw .invalid("\(call.descriptorCount) descriptors came with the call: one is needed")
            }
        } catch {
            return call.fail(error)
        }
        guard naming.take(for: user) else { return refuse(call) }
        senders.process(of: call) { [self] process in
            naming.give(for: user)
            submit(call, to: publishing, for: user) { [object] in
                call.answer { () throws(PublishError) in
                    var request = request
                    request.cmdline = process.map(CallerProcess.cmdline) ?? ""
                    let content = try call.content()
                    try object.publish(request, content: content)
                }
            }
        }
    }

    private func unpublish(_ call: BusInvocation, _ user: UInt32) {
        let hash = call.parameters.children[0].string ?? ""
        submit(call, to: administration, for: user) { [object] in
            call.answer { () throws(PublishError) in try object.unpublish(hash) }
        }
    }

    private func rescan(_ call: BusInvocation, _ user: UInt32) {
        submit(call, to: administration, for: user) { [object] in
            object.rescan()
            call.answer()
        }
    }

    private func vouch(_ call: BusInvocation, _ user: UInt32) {
        let told = call.parameters.children[0].children
        let files = told.compactMap { Voucher($0) }
        guard files.count == told.count else {
            return call.fail(
                BusNames.invalidArguments, "a hash has 64 hexadecimal digits, and a second 10^9 nanoseconds")
        }
        submit(call, to: administration, for: user) { [object] in
            object.vouch(files)
            call.answer()
        }
    }

    // MARK: - Peers

    private func findPeers(_ call: BusInvocation, _ user: UInt32) {
        guard let digest = digest(call, 0) else { return }
        guard finding.take(for: user) else { return refuse(call) }
        Task { [object, finding] in
            var urls = VariantBuilder("as")
            for url in await object.findPeers(digest, for: user) { urls.add(Variant(url)) }
            finding.give(for: user)
            call.answer(Variant(tuple: [urls.end()]))
        }
    }

    private func reportPeer(_ call: BusInvocation, _ user: UInt32) {
        guard let digest = digest(call, 1) else { return }
        guard reporting.take(for: user) else { return refuse(call) }
        let url = call.parameters.children[0].string ?? ""
        Task { [object, reporting] in
            let isPeer = await object.reportPeer(url, digest, by: user)
            reporting.give(for: user)
            if isPeer {
                call.answer()
            } else {
                call.fail(BusNames.invalidArguments, "\(url) is no URL of a peer")
            }
        }
    }

    private func digest(_ call: BusInvocation, _ parameter: Int) -> Digest? {
        let text = call.parameters.children[parameter].string ?? ""
        if let digest = Digest(hex: text) { return digest }
        call.fail(BusNames.invalidArguments, "a hash has 64 hexadecimal digits, not \(text)")
        return nil
    }

    // MARK: - Who may, and where

    private func withUser(
        of call: BusInvocation, _ senders: Senders, _ body: @escaping @Sendable (UInt32) -> Void
    ) {
        let isAsked = senders.user(of: call) { user in
            switch user {
            case .success(let user): body(user)
            case .failure(let error): call.fail(.failed("the bus does not say who is asking: \(error)"))
            }
        }
        if !isAsked { refuse(call) }
    }

    /// Goes on if the caller is root, or need not be; this is looked at before anything else.
    private func authorize(
        _ call: BusInvocation, _ senders: Senders, everybody: Bool,
        then body: @escaping @Sendable (UInt32) -> Void
    ) {
        withUser(of: call, senders) { user in
            if user == 0 || everybody { body(user) } else { call.fail(.notPermitted) }
        }
    }

    private func submit(
        _ call: BusInvocation, to queue: CallQueue, for user: UInt32, _ body: @escaping @Sendable () -> Void
    ) {
        if !queue.submit(for: user, body) { refuse(call) }
    }

    private func refuse(_ call: BusInvocation) {
        call.fail(BusNames.limitsExceeded, "too many calls at once: try again later")
    }
}
