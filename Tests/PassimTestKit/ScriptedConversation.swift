internal import Glibc
internal import PassimCore
internal import PassimCrypto
internal import PassimSystem

/// One connection of a `ScriptedServer`, and its way through the script. On one thread.
// Unchecked: made by the thread that accepts, which hands it to its own.
final class ScriptedConversation: @unchecked Sendable {
    /// The script ends before its end.
    private struct Over: Error {}

    let socket: CInt
    private let state: Monitor<ScriptedServer.State>
    private let transport: UnsafeMutablePointer<TLSTransport>
    private var session: TLSSession?
    /// Received and not yet looked at.
    private var received: [UInt8] = []
    private var lastRequest = ""

    /// - Parameter socket: not blocking; closed with this.
    init(_ socket: CInt, _ context: TLSContext, _ state: Monitor<ScriptedServer.State>) {
        self.socket = socket
        self.state = state
        transport = .allocate(capacity: 1)
        transport.initialize(to: TLSTransport(socket: socket))
        transport.pointee.output = OutputBuffer(capacity: 1 << 16)
        session = TLSSession(context: context, transport: transport)
    }

    deinit {
        session = nil
        transport.pointee.output?.free()
        transport.deallocate()
        state.withLock { _ = $0.sockets.remove(socket) }
        close(socket)
    }

    func run(_ script: [ScriptedServer.Step]) {
        // Where the client goes, or the server ends, the rest is left out.
        try? follow(script)
    }

    private func follow(_ script: [ScriptedServer.Step]) throws {
        var start = 0
        var position = 0
        while position < script.count {
            let step = script[position]
            if case .repeatFromRequest = step {
                position = start
                continue
            }
            if case .readRequest = step { start = position }
            try perform(step)
            position += 1
        }
    }

    private func perform(_ step: ScriptedServer.Step) throws {
        switch step {
        case .handshake: try handshake()
        case .readRequest: try readRequest()
        case .send(let text): try send(Array(text.utf8))
        case .answer(let answer): try send(answer(lastRequest))
        case .sendSlowly(let text, let milliseconds):
            for byte in text.utf8 {
                try send([byte])
                try pause(milliseconds)
            }
        case .sendForever(let text):
            while true { try send(Array(text.utf8)) }
        case .sendRaw(let bytes): try sendRaw(bytes)
        case .waitAtGate: try waitAtGate()
        case .hang:
            while true { try pause(-1) }
        case .closeNotify:
            session?.shutdown()
            try flush()
        case .reset:
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        case .repeatFromRequest: break
        }
    }

    // MARK: Steps

    private func handshake() throws {
        while true {
            guard let outcome = session?.handshake() else { throw Over() }
            try flush()
            switch outcome {
            case .done: return
            case .wantsInput: try waitForInput()
            case .ended, .failed: throw Over()
            }
        }
    }

    private func readRequest() throws {
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let found = received.indices.first(where: { received[$0...].starts(with: end) }) {
                let head = String(decoding: received[..<found], as: UTF8.self)
                received.removeFirst(found + end.count)
                lastRequest = head
                state.withLock { $0.requests.append(head) }
                return
            }
            guard received.count < 1 << 16 else { throw Over() }
            try receive()
        }
    }

    private func waitAtGate() throws {
        state.withLock { state in
            state.atGate += 1
            state.mostAtGate = max(state.mostAtGate, state.atGate)
        }
        defer { state.withLock { $0.atGate -= 1 } }
        let isOpen = state.wait(seconds: 120) { state in
            state.isEnding ? false : state.isGateOpen ? true : nil
        }
        guard isOpen == true else { throw Over() }
    }

    // MARK: Bytes

    private func receive() throws {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            guard let outcome = chunk.withUnsafeMutableBytes({ session?.read(into: $0) }) else {
                throw Over()
            }
            switch outcome {
            case .done(let count):
                received += chunk[..<count]
                return
            case .wantsInput: try waitForInput()
            case .ended, .failed: throw Over()
            }
        }
    }

    private func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let outcome = rest.withUnsafeBytes { session?.write($0) }
            guard case .done(let count) = outcome else { throw Over() }
            rest = rest.dropFirst(count)
            try flush()
        }
    }

    /// Sends what OpenSSL has written.
    private func flush() throws {
        guard let output = transport.pointee.output else { return }
        try sendRaw(Array(output.unsent))
        transport.pointee.output?.reset()
    }

    private func sendRaw(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                try wait(for: Int16(POLLOUT), milliseconds: -1)
            } else if errno != EINTR {
                throw Over()
            }
        }
    }

    private func waitForInput() throws {
        try wait(for: Int16(POLLIN), milliseconds: -1)
        transport.pointee.beginReading()
    }

    /// Passes time, unless the client goes; what it sends meanwhile is not looked at.
    private func pause(_ milliseconds: CInt) throws {
        try wait(for: ScriptedConversation.ended, milliseconds: milliseconds)
    }

    /// POLLRDHUP of poll(2), which is declared only under _GNU_SOURCE.
    private static let ended: Int16 = 0x2000

    /// poll(2).
    private func wait(for events: Int16, milliseconds: CInt) throws {
        var wanted = pollfd(fd: socket, events: events, revents: 0)
        let count = poll(&wanted, 1, milliseconds)
        if count < 0, errno != EINTR { throw Over() }
        let gone = Int16(POLLHUP) | Int16(POLLERR) | (events & ScriptedConversation.ended)
        if count > 0, wanted.revents & gone != 0 { throw Over() }
    }
}
