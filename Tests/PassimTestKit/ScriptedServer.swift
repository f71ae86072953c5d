// A TLS server that does what a test says and nothing else, down to what no server should do: one thread for
// each connection, each of which goes through the same script.

internal import Glibc
package import PassimCore
package import PassimCrypto
internal import PassimSystem

/// A server on a free port of 127.0.0.1 (or ::1), ended with the last reference.
package final class ScriptedServer: Sendable {
    package enum Step: Sendable {
        case handshake
        /// Reads until an empty line.
        case readRequest
        case send(String)
        /// What comes of the head of the last request.
        case answer(@Sendable (String) -> [UInt8])
        /// One byte after the other, so far apart in milliseconds.
        case sendSlowly(String, CInt)
        /// Again and again until the client goes.
        case sendForever(String)
        /// Below TLS.
        case sendRaw([UInt8])
        /// Until `open()` was called.
        case waitAtGate
        /// Until the client goes.
        case hang
        /// Ends TLS in order; without it, the end of the script is a cut.
        case closeNotify
        /// What is closed then is closed with a reset.
        case reset
        /// The script from here on again and again, until the client goes.
        case repeatFromRequest
    }

    struct State {
        var requests: [String] = []
        var begun = 0
        /// Of connections that go on; whose socket it is takes it out before closing it.
        var sockets: Set<CInt> = []
        var atGate = 0
        var mostAtGate = 0
        var isGateOpen = false
        var isEnding = false
        var threads: [SystemThread] = []
    }

    package let port: UInt16
    private let address: IPAddress
    private let state = Monitor(State())
    private let listener: Listener
    private let acceptor: SystemThread

    /// - Parameter identity: what it shows of itself; nil is a certificate made for all of them.
    package init(
        _ script: [Step], at address: IPAddress = IPAddress(ipv4: 0x7F00_0001),
        identity: ServerIdentity? = nil
    ) throws {
        let context = try identity.map { try TLSContext(serving: $0) } ?? ScriptedServer.context.get()
        let listener = Listener(try Socket.listen(.address(address), port: 0))
        self.address = address
        self.listener = listener
        port = try listener.descriptor.boundPort()
        acceptor = try SystemThread(name: "script accept") { [state] in
            while !state.withLock({ $0.isEnding }) {
                listener.waitForClient()
                guard let accepted = try? listener.descriptor.accept() else { continue }
                let conversation = ScriptedConversation(accepted.socket, context, state)
                ScriptedServer.begin(conversation, script, state)
            }
        }
    }

    private static func begin(
        _ conversation: ScriptedConversation, _ script: [Step], _ state: Monitor<State>
    ) {
        state.withLock { state in
            // Without its thread, the conversation ends here.
            guard !state.isEnding,
                let thread = try? SystemThread(name: "script", { conversation.run(script) })
            else { return }
            state.begun += 1
            state.sockets.insert(conversation.socket)
            state.threads.append(thread)
        }
    }

    deinit {
        let threads = state.withLock { state in
            state.isEnding = true
            for socket in state.sockets { shutdown(socket, CInt(SHUT_RDWR)) }
            defer { state.threads = [] }
            return state.threads
        }
        listener.descriptor.endListening()
        acceptor.join()
        for thread in threads { thread.join() }
    }

    package var peer: Peer { Peer(address: address, port: port) }

    /// The heads of the requests that came, in their order.
    package var requests: [String] { state.withLock { $0.requests } }

    /// Connections that were accepted.
    package var connectionCount: Int { state.withLock { $0.begun } }

    /// How many are at the gate, and how many were there at once.
    package var atGate: (now: Int, most: Int) { state.withLock { ($0.atGate, $0.mostAtGate) } }

    /// Lets everybody through the gate, from now on.
    package func open() {
        state.withLock { $0.isGateOpen = true }
    }

    /// Whether all clients have gone.
    package var isDeserted: Bool { state.withLock { $0.sockets.isEmpty } }

    /// A key of its own, made once.
    private static let context: Result<TLSContext, any Error> = Result {
        let tree = try TemporaryTree()
        let location = ServerIdentity.Location(
            keyPath: tree.absolute("secret.key"), certificatePath: tree.absolute("cert.pem"))
        return try TLSContext(
            serving: ServerIdentity.load(from: location, hostName: "host", now: wallClock()).0)
    }

    /// Shared by the thread that accepts and the one that ends it.
    private final class Listener: Sendable {
        let descriptor: Descriptor

        init(_ descriptor: consuming Descriptor) {
            self.descriptor = descriptor
        }

        func waitForClient() {
            var wanted = pollfd(fd: descriptor.lend { $0 }, events: Int16(POLLIN), revents: 0)
            _ = poll(&wanted, 1, -1)
        }
    }
}
