internal import PassimCore
package import PassimSystem

/// The listening sockets of a server. All reactors wait on all of them (EPOLLEXCLUSIVE): a single thread
/// that accepts would cost a change of threads per connection, and SO_REUSEPORT can put the few
/// connections of a mirror all on one reactor.
///
/// A socket of an interface is bound to it by its number, and hears nothing any more once it is gone: interfaces are
/// followed by their names, as one may come later, or be made anew.
final class ListenerSet: Sendable {
    /// Tokens from here on are listeners, except the last few, which are a reactor's own.
    private static let firstToken = UInt64.max - 1024
    private static let otherTokens: UInt64 = 8

    private struct Slot {
        let place: Socket.Place
        /// Set when the socket is bound, where it was 0.
        var port: UInt16
        /// For HTTP without TLS.
        let isPlain: Bool
        var socket: SharedDescriptor?
        /// Number of the interface the socket is bound to.
        var interface: UInt32 = 0
        /// It could not be listened there, which has been said.
        var isMissed = false

        var name: Port { Port(place: place, isPlain: isPlain) }
    }

    /// A place with one of the two ports, for people.
    struct Port: CustomStringConvertible {
        let place: Socket.Place
        let isPlain: Bool

        var description: String { isPlain ? "\(place) (HTTPPort)" : "\(place)" }
    }

    /// A change that `follow` found.
    enum Change {
        case began(Port)
        /// The interface is gone.
        case ended(Port)
        case failed(Port, SystemError)
    }

    private let slots: Lock<[Slot]>
    /// Port of HTTPS, of all of them.
    let port: UInt16
    /// Port of HTTP without TLS; nil: there is none.
    let plainPort: UInt16?
    /// Some are of interfaces.
    let followsInterfaces: Bool

    /// - Parameter plainPort: of HTTP without TLS; nil: there is none.
    /// - Parameter onSkipped: a place that cannot be listened at, for want of the interface, say; the others
    ///   are used nevertheless.
    /// - Throws: `.addressInUse` where another server has a port; what is wrong with the last place where
    ///   none can be used.
    init(
        _ places: [Socket.Place], port: UInt16, plainPort: UInt16? = nil,
        onSkipped: (Port, SystemError) -> Void
    ) throws(CannotListen) {
        var (secure, bound) = try ListenerSet.open(places, port: port, isPlain: false, onSkipped)
        self.port = bound
        if let plainPort {
            let (plain, bound) = try ListenerSet.open(places, port: plainPort, isPlain: true, onSkipped)
            secure += plain
            self.plainPort = bound
        } else {
            self.plainPort = nil
        }
        slots = Lock(secure)
        followsInterfaces = places.contains { $0.interfaceName != nil }
    }

    private static func open(
        _ places: [Socket.Place], port: UInt16, isPlain: Bool,
        _ onSkipped: (Port, SystemError) -> Void
    ) throws(CannotListen) -> (slots: [Slot], port: UInt16) {
        var slots: [Slot] = []
        var bound = port
        for (number, place) in places.enumerated() {
            var slot = Slot(place: place, port: bound, isPlain: isPlain)
            slot.interface = place.interfaceNumber
            do throws(SystemError) {
                let socket = try ListenerSet.listen(place, port: bound, beside: slots)
                // The first socket of an ephemeral port chooses for all.
                if bound == 0 { bound = try socket.descriptor.boundPort() }
                slot.socket = socket
            } catch {
                let isLast = number == places.count - 1
                if error.code == .addressInUse || (isLast && slots.allSatisfy { $0.socket == nil }) {
                    throw CannotListen(port: port, error: error)
                }
                onSkipped(slot.name, error)
                slot.isMissed = true
            }
            slots.append(slot)
        }
        // Slots before the first that could be bound have its port, too.
        for index in slots.indices { slots[index].port = bound }
        return (slots, bound)
    }

    /// Binds a place beside those that are bound already.
    ///
    /// The kernel takes every address of an interface and one address of any interface for the same place
    /// (`inet_csk_bind_conflict`: EADDRINUSE), though it knows which of them a connection is for. Our sockets share the
    /// port for as long as the next one is bound, and not longer: another server's is still refused, and ours beside
    /// another server's, whose socket does not share.
    private static func listen(
        _ place: Socket.Place, port: UInt16, beside slots: [Slot]
    ) throws(SystemError) -> SharedDescriptor {
        let others = slots.compactMap {
            ($0.place.interfaceName == nil) != (place.interfaceName == nil) ? $0.socket : nil
        }
        for other in others { try other.descriptor.sharePort(true) }
        defer { for other in others { try? other.descriptor.sharePort(false) } }
        let socket = SharedDescriptor(try Socket.listen(place, port: port, sharing: !others.isEmpty))
        if !others.isEmpty { try socket.descriptor.sharePort(false) }
        return socket
    }

    /// Interfaces have changed: begins to listen at those that have come, and leaves those that have gone. Reactors are
    /// to watch anew where there is any change. Does not wait; one caller.
    func follow() -> [Change] {
        var changes: [Change] = []
        for (index, slot) in slots.withLock({ $0 }).enumerated() where slot.place.interfaceName != nil {
            let interface = slot.place.interfaceNumber
            // One without a number has no socket, or loses it.
            guard interface != slot.interface || (interface != 0 && slot.socket == nil) else { continue }
            var changed = slot
            changed.socket = nil
            changed.interface = interface
            if interface == 0 {
                if slot.socket != nil { changes.append(.ended(slot.name)) }
                changed.isMissed = true
            } else {
                // The old one keeps the port of its interface, if that has got another number only.
                slots.withLock { $0[index].socket = nil }
                do throws(SystemError) {
                    changed.socket = try ListenerSet.listen(
                        slot.place, port: slot.port, beside: slots.withLock { $0 })
                    changed.isMissed = false
                    changes.append(.began(slot.name))
                } catch {
                    if !slot.isMissed || interface != slot.interface {
                        changes.append(.failed(slot.name, error))
                    }
                    changed.isMissed = true
                }
            }
            slots.withLock { $0[index] = changed }
        }
        return changes
    }

    /// Places it should listen at and does not.
    var missing: [Port] {
        slots.withLock { $0.filter { $0.socket == nil }.map(\.name) }
    }

    static func listener(ofToken token: UInt64) -> Int? {
        token >= firstToken && token <= UInt64.max - otherTokens ? Int(token - firstToken) : nil
    }

    func watch(_ poller: borrowing Poller) throws(SystemError) {
        for (index, slot) in slots.withLock({ $0 }).enumerated() {
            guard let number = slot.socket?.descriptor.lend({ $0 }) else { continue }
            try poller.add(
                number, [.input, .exclusive], token: ListenerSet.firstToken + UInt64(index))
        }
    }

    func unwatch(_ poller: borrowing Poller) {
        for slot in slots.withLock({ $0 }) {
            // Fails only where it is not watched.
            if let number = slot.socket?.descriptor.lend({ $0 }) { try? poller.remove(number) }
        }
    }

    /// From now on connecting is refused, though the sockets stay open until the last reactor has ended.
    func refuse() {
        for slot in slots.withLock({ $0 }) { slot.socket?.descriptor.endListening() }
    }

    func accept(_ index: Int) throws(SystemError) -> (socket: CInt, peer: IPAddress, isPlain: Bool)? {
        let slot = slots.withLock { $0[index] }
        guard let accepted = try slot.socket?.descriptor.accept() else { return nil }
        return (accepted.socket, accepted.peer, slot.isPlain)
    }
}

/// A port that cannot be listened at.
package struct CannotListen: Error {
    /// As it was asked for.
    package let port: UInt16
    package let error: SystemError
}

extension Socket.Place {
    fileprivate var interfaceName: String? {
        if case .interface(let name, _) = self { name } else { nil }
    }

    /// 0 where it has no interface, or that is not there.
    fileprivate var interfaceNumber: UInt32 { interfaceName.map { NetworkInterface.number(of: $0) } ?? 0 }
}

/// A descriptor with several users; closed with the last of them.
final class SharedDescriptor: Sendable {
    let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }
}
