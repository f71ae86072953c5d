internal import PassimCore
internal import PassimSystem

/// The listening sockets of a server. All reactors wait on all of them (EPOLLEXCLUSIVE): a single thread
/// that accepts would cost a change of threads per connection, and SO_REUSEPORT can put the few
/// connections of a mirror all on one reactor.
final class ListenerSet: Sendable {
    /// Tokens from here on are listeners, except the last two, which are a reactor's own.
    private static let firstToken = UInt64.max - 1024

    private let sockets: [SharedDescriptor]
    /// The port of all of them.
    let port: UInt16

    /// - Parameter onSkipped: a place that cannot be listened at, for want of the interface, say; the others
    ///   are used nevertheless.
    /// - Throws: `.addressInUse` where another server has the port; what is wrong with the last place where
    ///   none can be used.
    init(
        _ places: [Socket.Place], port: UInt16, onSkipped: (Socket.Place, SystemError) -> Void
    ) throws(SystemError) {
        var sockets: [SharedDescriptor] = []
        var bound = port
        for (number, place) in places.enumerated() {
            let socket: SharedDescriptor
            do throws(SystemError) {
                socket = SharedDescriptor(try Socket.listen(place, port: bound))
            } catch {
                let isLast = number == places.count - 1
                if error.code == .addressInUse || (isLast && sockets.isEmpty) { throw error }
                onSkipped(place, error)
                continue
            }
            // The first socket of an ephemeral port chooses for all.
            if bound == 0 { bound = try socket.descriptor.boundPort() }
            sockets.append(socket)
        }
        self.sockets = sockets
        self.port = bound
    }

    static func listener(ofToken token: UInt64) -> Int? {
        token >= firstToken && token < UInt64.max - 1 ? Int(token - firstToken) : nil
    }

    func watch(_ poller: borrowing Poller) throws(SystemError) {
        for (index, socket) in sockets.enumerated() {
            let number = socket.descriptor.lend { $0 }
            try poller.add(
                number, [.input, .exclusive], token: ListenerSet.firstToken + UInt64(index))
        }
    }

    func unwatch(_ poller: borrowing Poller) {
        for socket in sockets {
            let number = socket.descriptor.lend { $0 }
            // Fails only where it is not watched.
            try? poller.remove(number)
        }
    }

    /// From now on connecting is refused, though the sockets stay open until the last reactor has ended.
    func refuse() {
        for socket in sockets { socket.descriptor.endListening() }
    }

    func accept(_ index: Int) throws(SystemError) -> (socket: CInt, peer: IPAddress)? {
        try sockets[index].descriptor.accept()
    }
}

/// A descriptor with several users; closed with the last of them.
final class SharedDescriptor: Sendable {
    let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }
}
