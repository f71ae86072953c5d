internal import CAvahi

/// A connection to avahi-daemon over the system bus, an AvahiClient. It belongs to the thread of its loop.
///
/// It never makes itself anew: after `.failed` everything that was made through it is gone, and it is to be
/// let go, but not from within one of Avahi's callbacks.
final class AvahiConnection {
    enum State {
        /// The bus is there, and avahi-daemon is not.
        case connecting
        /// avahi-daemon is trying its host name, or has found that another host has it and takes another.
        case settling
        case running
        case failed(AvahiError.Code)
    }

    private(set) var state = State.connecting
    /// How often it has come to be running: the host may have another name each time.
    private(set) var beginnings = 0
    private var pointer: OpaquePointer?

    /// - Throws: where there is no bus, also where the bus lets nobody in any more.
    init(_ loop: AvahiLoop) throws(AvahiError) {
        var code: CInt = 0
        // The first call of the callback comes from within, before `pointer` is set.
        pointer = avahi_client_new(
            loop.api, AVAHI_CLIENT_NO_FAIL,
            { client, state, owner in
                Unmanaged<AvahiConnection>.fromOpaque(owner!).takeUnretainedValue().changed(client!, state)
            }, Unmanaged.passUnretained(self).toOpaque(), &code)
        guard pointer != nil else {
            throw AvahiError(code: .init(rawValue: code), action: "connecting to avahi-daemon")
        }
    }

    deinit {
        close()
    }

    /// Ends it, and with it all groups, browsers and resolvers, without a call for each.
    func close() {
        if let pointer { avahi_client_free(pointer) }
        pointer = nil
    }

    /// True while objects that were made through it exist and are to be freed.
    var isOpen: Bool { pointer != nil }

    private func changed(_ client: OpaquePointer, _ state: AvahiClientState) {
        switch state {
        case AVAHI_CLIENT_S_RUNNING:
            self.state = .running
            beginnings += 1
        case AVAHI_CLIENT_S_REGISTERING, AVAHI_CLIENT_S_COLLISION: self.state = .settling
        case AVAHI_CLIENT_CONNECTING: self.state = .connecting
        default: self.state = .failed(.init(rawValue: avahi_client_errno(client)))
        }
    }

    var isRunning: Bool { if case .running = state { true } else { false } }

    /// True if avahi-daemon answers: looking things up needs no more.
    var isUsable: Bool {
        switch state {
        case .running, .settling: true
        case .connecting, .failed: false
        }
    }

    var failure: AvahiError? {
        guard case .failed(let code) = state else { return nil }
        return AvahiError(code: code, action: "talking to avahi-daemon")
    }

    /// For calls that take the AvahiClient.
    func lend<Result>(_ body: (OpaquePointer) -> Result) -> Result {
        // Set by init; who closes it asks it no more.
        body(pointer!)
    }

    /// avahi_client_errno(3) as an error: what calls that return NULL leave.
    func error(_ action: String) -> AvahiError {
        AvahiError(code: .init(rawValue: lend { avahi_client_errno($0) }), action: action)
    }

    /// `host.local`; empty where avahi-daemon does not say.
    var hostName: String { text(avahi_client_get_host_name_fqdn) }

    /// `local`, unless avahi-daemon is configured otherwise.
    var domain: String {
        let name = text(avahi_client_get_domain_name)
        return name.isEmpty ? "local" : name
    }

    private func text(_ ask: (OpaquePointer?) -> UnsafePointer<CChar>?) -> String {
        lend { ask($0) }.map { String(cString: $0) } ?? ""
    }
}
