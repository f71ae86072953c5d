// A TLS client for tests and benchmarks: blocking with time limits, its phases one by one, nothing verified
// (peers are self-signed). It can be as rude as the clients that a server must survive.

internal import COpenSSL
internal import Glibc
package import PassimCrypto
internal import PassimSystem

/// One connection as a client; one thread at a time.
package final class TLSClient {
    package enum Failure: Error, Equatable, Sendable {
        case timedOut(doing: String)
        case refused
        /// ECONNRESET or EPIPE.
        case reset
        /// The peer's side ended without close_notify.
        case cut
        case tls(CryptoError)
        /// An errno.
        case system(code: Int32, doing: String)
    }

    package enum Version: Int32, Comparable, Sendable {
        case tls10 = 0x0301
        case tls11 = 0x0302
        case tls12 = 0x0303
        case tls13 = 0x0304

        package static func < (one: Version, other: Version) -> Bool { one.rawValue < other.rawValue }
    }

    package struct Options: Sendable {
        /// Sent as SNI; nil sends none. Addresses are never sent (RFC 6066, 3).
        package var serverName: String? = "localhost"
        package var minimum = Version.tls12
        package var maximum = Version.tls13
        /// To be resumed.
        package var session: TLSClientSession?
        /// For each call that waits.
        package var seconds = 10.0
        /// SO_RCVBUF in bytes; a small one makes a slow reader.
        package var receiveBuffer: Int?
        /// Cuts records on their way to the wire into pieces, each sent on its own; nil sends them as they are.
        package var cut: (@Sendable ([UInt8]) -> [[UInt8]])?

        package init() {}
    }

    let socket: ClientSocket
    let handle: OpaquePointer
    private let seconds: Double
    private let cut: (@Sendable ([UInt8]) -> [[UInt8]])?

    /// Connects by TCP only; what comes next is `handshake()`.
    ///
    /// - Parameter address: numeric.
    package init(
        connectingTo address: String, port: UInt16, _ options: Options = Options()
    ) throws(Failure) {
        TLSClient.ignoreBrokenPipes
        seconds = options.seconds
        cut = options.cut
        socket = try ClientSocket.connect(
            to: address, port: port, receiveBuffer: options.receiveBuffer,
            until: TLSClient.deadline(options.seconds))
        guard let handle = SSL_new(TLSClient.context) else {
            throw .tls(CryptoError(doing: "making a TLS client"))
        }
        self.handle = handle
        var ready = copenssl_set_versions(handle, options.minimum.rawValue, options.maximum.rawValue) == 1
        // Below 1.2 the system's policy would not even let us ask.
        if options.minimum < .tls12 { SSL_set_security_level(handle, 0) }
        if let name = options.serverName { ready = ready && copenssl_set_server_name(handle, name) == 1 }
        if let session = options.session {
            ready = ready && session.lend { SSL_set_session(handle, $0) == 1 }
        }
        ready = ready && socket.lend { SSL_set_fd(handle, $0) == 1 }
        guard ready else { throw .tls(CryptoError(doing: "setting up a TLS client")) }
        if cut != nil { SSL_set0_wbio(handle, BIO_new(BIO_s_mem())) }
        SSL_set_connect_state(handle)
    }

    deinit {
        SSL_free(handle)
    }

    /// Connects and shakes hands.
    package static func connected(
        to address: String = "127.0.0.1", port: UInt16, _ options: Options = Options()
    ) throws(Failure) -> TLSClient {
        let client = try TLSClient(connectingTo: address, port: port, options)
        try client.handshake()
        return client
    }

    // MARK: TLS

    package func handshake() throws(Failure) {
        _ = try repeating("shaking hands", deadline()) { SSL_do_handshake($0) }
    }

    /// Sends the ClientHello and goes no further, however fast the server answers; `handshake()` may follow.
    package func beginHandshake() throws(Failure) {
        // While it reads from memory that has nothing, the answer stays in the socket.
        let input = SSL_get_rbio(handle)
        BIO_up_ref(input)
        SSL_set0_rbio(handle, BIO_new(BIO_s_mem()))
        let result = SSL_do_handshake(handle)
        let code = SSL_get_error(handle, result)
        SSL_set0_rbio(handle, input)
        guard code == SSL_ERROR_WANT_READ else { throw .tls(CryptoError(doing: "beginning a handshake")) }
        try sendPieces(until: deadline())
    }

    package func send(_ bytes: [UInt8]) throws(Failure) {
        let end = deadline()
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = try repeating("sending", end) { handle in
                rest.withUnsafeBytes { SSL_write(handle, $0.baseAddress, CInt(clamping: $0.count)) }
            }
            rest = rest.dropFirst(count ?? 0)
        }
    }

    package func send(_ text: String) throws(Failure) {
        try send(Array(text.utf8))
    }

    /// Waits for some bytes.
    ///
    /// - Returns: how many; 0 where the peer said close_notify.
    /// - Throws: `.cut` where it ended without.
    package func receive(
        into buffer: UnsafeMutableRawBufferPointer, seconds: Double? = nil
    ) throws(Failure) -> Int {
        let end = TLSClient.deadline(seconds ?? self.seconds)
        return try repeating("receiving", end) {
            SSL_read($0, buffer.baseAddress, CInt(clamping: buffer.count))
        }
            ?? 0
    }

    /// - Returns: empty where the peer said close_notify.
    package func receive(upTo count: Int = 65536, seconds: Double? = nil) throws(Failure) -> [UInt8] {
        var failure: Failure?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(Failure) {
                filled = try receive(into: UnsafeMutableRawBufferPointer(buffer), seconds: seconds)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Everything until the peer ends the connection.
    ///
    /// - Parameter limit: bytes; no more is received then.
    package func receiveUntilClosed(
        limit: Int = .max, seconds: Double? = nil
    ) throws(Failure) -> (bytes: [UInt8], orderly: Bool) {
        var bytes: [UInt8] = []
        while bytes.count < limit {
            do throws(Failure) {
                let more = try receive(seconds: seconds)
                if more.isEmpty { return (bytes, true) }
                bytes += more
            } catch {
                if error == .cut || error == .reset { return (bytes, false) }
                throw error
            }
        }
        return (bytes, false)
    }

    // MARK: Below TLS

    /// Bytes on the wire as they are.
    package func sendRaw(_ bytes: [UInt8]) throws(Failure) {
        try socket.send(bytes, until: deadline())
    }

    package func receiveRaw(upTo count: Int = 65536, seconds: Double? = nil) throws(Failure) -> [UInt8] {
        try socket.receive(upTo: count, until: TLSClient.deadline(seconds ?? self.seconds))
    }

    /// Tells the peer that no more will be sent (close_notify). The descriptor is closed with the last
    /// reference to this, after `close` or without.
    package func close() {
        SSL_shutdown(handle)
        CryptoError.drainQueue()
        // Whom nobody listens to any more need not be told.
        try? sendPieces(until: deadline())
    }

    /// Ends with a reset (RST) when the last reference is gone.
    package func resetWhenDone() {
        socket.resetWhenClosed()
    }

    package var localPort: UInt16 { socket.localPort() }

    /// For poll(2) over many clients; still owned by this.
    package func lendSocket<Result>(_ body: (Int32) -> Result) -> Result {
        socket.lend(body)
    }

    // MARK: What was agreed

    package var isResumed: Bool { SSL_session_reused(handle) == 1 }

    package var version: Version? { Version(rawValue: SSL_version(handle)) }

    /// OpenSSL's name of the cipher suite.
    package var cipher: String { String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(handle))) }

    /// To resume with. In TLS 1.3 the ticket comes after the handshake: receive something first.
    package var session: TLSClientSession? {
        // A copy: SSL_free(3) after no close_notify marks the connection's own as not resumable.
        guard let session = SSL_get_session(handle), let copy = SSL_SESSION_dup(session) else { return nil }
        return TLSClientSession(owning: copy)
    }

    /// The certificates that the server sent, as PEM, its own first.
    package var peerCertificates: [UInt8] {
        let chain = SSL_get_peer_cert_chain(handle)
        let pem = MemoryBIO.written { bio in
            (0..<copenssl_count(chain)).allSatisfy { PEM_write_bio_X509(bio, copenssl_at(chain, $0)) == 1 }
        }
        return pem ?? []
    }

    // MARK: -

    /// Calls until it is neither waiting to read nor to write.
    ///
    /// - Returns: the call's result; nil where the peer said close_notify.
    func repeating(
        _ doing: String, _ end: UInt64, _ call: (OpaquePointer) -> CInt
    ) throws(Failure) -> Int? {
        while true {
            // SSL_get_error(3) looks at what others left in the queue, too.
            ERR_clear_error()
            let result = call(handle)
            let code = errno
            let outcome = SSL_get_error(handle, result)
            try sendPieces(until: end)
            if result > 0 { return Int(result) }
            switch outcome {
            case SSL_ERROR_WANT_READ: try socket.wait(for: Int16(POLLIN), until: end, doing: doing)
            case SSL_ERROR_WANT_WRITE: try socket.wait(for: Int16(POLLOUT), until: end, doing: doing)
            case SSL_ERROR_ZERO_RETURN: return nil
            case SSL_ERROR_SYSCALL:
                CryptoError.drainQueue()
                if code == 0 { throw .cut }
                throw ClientSocket.failure(code, doing)
            default:
                let ended = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING
                let error = CryptoError(doing: doing)
                throw ended ? .cut : .tls(error)
            }
        }
    }

    /// What OpenSSL has written to memory, to be cut.
    private func sendPieces(until end: UInt64) throws(Failure) {
        guard let cut else { return }
        for piece in cut(MemoryBIO.taken(from: SSL_get_wbio(handle))) { try socket.send(piece, until: end) }
    }

    func deadline() -> UInt64 { TLSClient.deadline(seconds) }

    private static func deadline(_ seconds: Double) -> UInt64 {
        monotonicNanoseconds() + UInt64(seconds * 1e9)
    }

    // Unsafe only in name: made once, and OpenSSL locks what it changes of it.
    nonisolated(unsafe) private static let context: OpaquePointer = {
        guard let context = SSL_CTX_new(TLS_client_method()) else {
            fatalError("\(CryptoError(doing: "making a TLS context"))")
        }
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
        return context
    }()

    /// OpenSSL's socket BIO writes with write(2), which a peer that is gone answers with a signal.
    private static let ignoreBrokenPipes: Void = {
        _ = signal(SIGPIPE, SIG_IGN)
    }()
}
