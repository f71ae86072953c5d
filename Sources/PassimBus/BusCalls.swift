internal import PassimCore
internal import PassimGLib
internal import PassimSystem

/// Answers the calls of both interfaces. Those of Properties at once, on the bus's thread; what may block goes to
/// threads of its own, so that a caller who stalls blocks nobody; who calls is what the bus says, never what they
/// say.
final class BusCalls: Sendable {
    let object: any BusObject
    /// Whether any user may publish.
    private let insecure: Bool
    /// Listings are 24 MB each: few at once.
    private let listing = CallQueue(name: "bus listing", threads: 2, waiting: 64)
    private let publishing = CallQueue(name: "bus publishing", threads: 8, waiting: 64)
    private let administration = CallQueue(name: "bus", threads: 2, waiting: 64)
    /// Calls whose caller the bus is being asked about, and those that wait for peers.
    private let pending = PendingCalls(limit: 256)

    init(object: any BusObject, insecure: Bool) {
        self.object = object
        self.insecure = insecure
    }

    /// On the bus's thread.
    func handle(_ call: BusInvocation, on connection: BusConnection) {
        switch (call.interface, call.method) {
        case (BusNames.properties, "Get"), (BusNames.properties, "GetAll"): answerProperties(call)
        case (BusNames.passim, "GetItems"): getItems(call)
        case (BusNames.passim, "Publish"): publish(call, connection)
        case (BusNames.passim, "Unpublish"): unpublish(call, connection)
        case (BusNames.mirror, "ListItems"): listItems(call)
        case (BusNames.mirror, "Rescan"): rescan(call, connection)
        case (BusNames.mirror, "FindPeers"): findPeers(call)
        case (BusNames.mirror, "ReportPeer"): reportPeer(call)
        default: call.fail(BusNames.unknownMethod, "no method \(call.method) in \(call.interface)")
        }
    }

    /// Refuses what comes from now on and waits for what runs, until the deadline of `monotonicNanoseconds()`.
    func finish(until deadline: UInt64) {
        for queue in [publishing, administration, listing] { queue.close(until: deadline) }
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

    private func getItems(_ call: BusInvocation) {
        submit(call, to: listing) { [object] in
            var items = ItemListing()
            object.forEachItem { items.add($0) }
            call.answer(items.finish())
        }
    }

    private func listItems(_ call: BusInvocation) {
        let parameters = call.parameters.children
        let offset = parameters[0].uint64 ?? 0
        let limit = min(parameters[1].uint32 ?? 0, ItemListing.maximumPage)
        let filter = parameters[2].string ?? ""
        submit(call, to: listing) { [object] in
            let page = object.items(offset: offset, limit: limit, filter: filter)
            var items = ItemListing()
            for item in page.items where !items.add(item) { break }
            call.answer(items.finish(total: page.total))
        }
    }

    // MARK: - Publishing

    private func publish(_ call: BusInvocation, _ connection: BusConnection) {
        authorize(call, connection, everybody: insecure) { [self] in
            let request: PublishRequest
            do throws(PublishError) {
                request = try PublishArguments.read(call.parameters.children[1])
                guard call.descriptorCount == 1 else {
                    throw .invalid("\(call.descriptorCount) descriptors came with the call: one is needed")
                }
            } catch {
                return call.fail(error)
            }
            guard pending.begin(call) else { return }
            connection.processOfSender(of: call) { [self] process in
                pending.end()
                submit(call, to: publishing) { [object] in
                    call.answer { () throws(PublishError) in
                        var request = request
                        request.cmdline = process.map(CallerProcess.cmdline) ?? ""
                        let content = try call.content()
                        try object.publish(request, content: content)
                    }
                }
            }
        }
    }

    private func unpublish(_ call: BusInvocation, _ connection: BusConnection) {
        authorize(call, connection, everybody: insecure) { [self] in
            let hash = call.parameters.children[0].string ?? ""
            submit(call, to: administration) { [object] in
                call.answer { () throws(PublishError) in try object.unpublish(hash) }
            }
        }
    }

    private func rescan(_ call: BusInvocation, _ connection: BusConnection) {
        authorize(call, connection, everybody: false) { [self] in
            submit(call, to: administration) { [object] in
                object.rescan()
                call.answer()
            }
        }
    }

    // MARK: - Peers

    private func findPeers(_ call: BusInvocation) {
        guard let digest = digest(call, 0), pending.begin(call) else { return }
        Task { [object, pending] in
            var urls = VariantBuilder("as")
            for url in await object.findPeers(digest) { urls.add(Variant(url)) }
            call.answer(Variant(tuple: [urls.end()]))
            pending.end()
        }
    }

    private func reportPeer(_ call: BusInvocation) {
        guard let digest = digest(call, 1), pending.begin(call) else { return }
        let url = call.parameters.children[0].string ?? ""
        Task { [object, pending] in
            if await object.reportPeer(url, digest) {
                call.answer()
            } else {
                call.fail(BusNames.invalidArguments, "\(url) is no URL of a peer")
            }
            pending.end()
        }
    }

    private func digest(_ call: BusInvocation, _ parameter: Int) -> Digest? {
        let text = call.parameters.children[parameter].string ?? ""
        if let digest = Digest(hex: text) { return digest }
        call.fail(BusNames.invalidArguments, "a hash has 64 hexadecimal digits, not \(text)")
        return nil
    }

    // MARK: - Who may, and where

    /// Goes on where the caller is root, or need not be; this is looked at before anything else.
    private func authorize(
        _ call: BusInvocation, _ connection: BusConnection, everybody: Bool,
        then body: @escaping @Sendable () -> Void
    ) {
        if everybody { return body() }
        guard pending.begin(call) else { return }
        connection.userOfSender(of: call) { [pending] user in
            pending.end()
            switch user {
            case .success(0): body()
            case .success: call.fail(.notPermitted)
            case .failure(let error): call.fail(.failed("the bus does not say who is asking: \(error)"))
            }
        }
    }

    private func submit(_ call: BusInvocation, to queue: CallQueue, _ body: @escaping @Sendable () -> Void) {
        if !queue.submit(body) {
            call.fail(BusNames.limitsExceeded, "too many calls at once: try again later")
        }
    }
}
