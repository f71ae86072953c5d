// The joint between TLS and the socket, and the one place that chooses the BIO: records are read from the
// socket straight into OpenSSL, and written to memory that the connection sends once per turn. One write(2)
// per 16 KiB record costs 15–25 % more (Sources/README.md, "What made the server fast"). With kTLS the choice
// will be an fd BIO.

internal import COpenSSL
internal import Glibc

/// The state that a connection and its BIO share; one thread at a time touches it.
package struct TLSTransport {
    /// Not owned.
    package var socket: CInt
    /// The last recv(2) took less than it could: there is nothing more until epoll says so. Saves the
    /// recv(2) that would only return EAGAIN.
    package var drained = false
    /// Bytes that may be read before epoll is asked again. OpenSSL answers records without content (a
    /// flood of KeyUpdate, say) without ever coming back; this has it come back, and others their turn.
    package var inputLeft = TLSTransport.inputPerTurn
    /// The peer has ended its side.
    package var ended = false
    /// errno of a recv(2) that failed for good.
    package var failure: CInt = 0
    /// Bytes that were read before there was a session, and how many of them OpenSSL has taken.
    private var early: [UInt8] = []
    private var earlyTaken = 0

    /// Records wait here for the connection to send them. Grown when they do not fit, so that OpenSSL
    /// never stops half-way; how much is written to a session in a turn bounds it.
    package var output: OutputBuffer?

    package init(socket: CInt) {
        self.socket = socket
    }

    /// Hands over what was read before there was a session.
    ///
    /// - Parameter drained: the socket has had no more.
    package mutating func begin(with bytes: [UInt8], drained: Bool) {
        early = bytes
        self.drained = drained
    }

    /// - Returns: nil where nothing is left of it.
    private mutating func takeEarly(_ bytes: UnsafeMutableRawBufferPointer) -> Int? {
        guard !early.isEmpty else { return nil }
        let count = min(bytes.count, early.count - earlyTaken)
        early.withUnsafeBytes {
            bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[earlyTaken..<earlyTaken + count]))
        }
        earlyTaken += count
        if earlyTaken == early.count { early = [] }
        return count
    }

    /// Epoll says that there is something to read.
    package mutating func beginReading() {
        drained = false
        inputLeft = TLSTransport.inputPerTurn
    }

    enum Received {
        case bytes(Int)
        /// Until epoll says so, or the next turn.
        case nothing
        /// The peer has ended its side.
        case end
        /// `failure` tells why.
        case failure
    }

    /// Takes the next bytes, from the socket or from before there was a session (recv(2)).
    mutating func receive(into bytes: UnsafeMutableRawBufferPointer) -> Received {
        if let count = takeEarly(bytes) { return .bytes(count) }
        if drained || inputLeft <= 0 { return .nothing }
        while true {
            let received = recv(socket, bytes.baseAddress, bytes.count, 0)
            if received > 0 {
                drained = received < bytes.count
                inputLeft -= received
                return .bytes(received)
            }
            if received == 0 {
                ended = true
                return .end
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                drained = true
                return .nothing
            case let code:
                failure = code
                return .failure
            }
        }
    }

    /// One recv(2) of a whole record: some 600 KeyUpdates, each of which costs new keys for both sides.
    package static let inputPerTurn = 16 * 1024
}

/// Bytes on their way to the socket: `[sent, filled)` of `base`.
package struct OutputBuffer {
    package private(set) var base: UnsafeMutableRawPointer
    package private(set) var capacity: Int
    package var filled = 0
    package var sent = 0

    /// Anonymous memory of its own: it goes back to the system when it is freed, whatever malloc(3) thinks.
    package init?(capacity: Int) {
        let memory = mmap(nil, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else { return nil }
        base = memory
        self.capacity = capacity
    }

    package func free() {
        munmap(base, capacity)
    }

    package var unsent: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base + sent, count: filled - sent)
    }

    package var isEmpty: Bool { sent == filled }

    package mutating func reset() {
        filled = 0
        sent = 0
    }

    /// - Returns: false where there is no memory.
    @inline(__always)
    package mutating func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if filled + bytes.count > capacity, !grow(by: bytes.count) { return false }
        memcpy(base + filled, bytes.baseAddress!, bytes.count)
        filled += bytes.count
        return true
    }

    private mutating func grow(by count: Int) -> Bool {
        guard var larger = OutputBuffer(capacity: max(capacity * 2, filled + count)) else { return false }
        memcpy(larger.base, base, filled)
        larger.filled = filled
        larger.sent = sent
        free()
        self = larger
        return true
    }
}

/// The BIO method, made once and never freed: sessions use it until the process ends.
enum TransportBIO {
    nonisolated(unsafe) static let method: OpaquePointer = {
        // Unsafe only in name: written once here, and OpenSSL only reads it.
        let method = BIO_meth_new(copenssl_bio_number(""), "passim transport")!
        BIO_meth_set_read(method) { bio, bytes, count in TransportBIO.read(bio, bytes, count) }
        BIO_meth_set_write(method) { bio, bytes, count in TransportBIO.write(bio, bytes, count) }
        BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
        BIO_meth_set_create(method) { bio in
            BIO_set_init(bio, 1)
            return 1
        }
        return method
    }()

    /// - Parameter state: outlives the BIO.
    static func make(_ state: UnsafeMutablePointer<TLSTransport>) -> OpaquePointer? {
        guard let bio = BIO_new(method) else { return nil }
        BIO_set_data(bio, state)
        return bio
    }

    private static func state(_ bio: OpaquePointer?) -> UnsafeMutablePointer<TLSTransport> {
        BIO_get_data(bio)!.assumingMemoryBound(to: TLSTransport.self)
    }

    private static func read(_ bio: OpaquePointer?, _ bytes: UnsafeMutablePointer<CChar>?, _ count: CInt)
        -> CInt
    {
        let state = state(bio)
        copenssl_clear_retry(bio)
        switch state.pointee.receive(into: UnsafeMutableRawBufferPointer(start: bytes, count: Int(count))) {
        case .bytes(let count): return CInt(count)
        case .nothing:
            copenssl_set_retry_read(bio)
            return -1
        case .end: return 0
        case .failure: return -1
        }
    }

    private static func write(_ bio: OpaquePointer?, _ bytes: UnsafePointer<CChar>?, _ count: CInt) -> CInt {
        let state = state(bio)
        copenssl_clear_retry(bio)
        guard count > 0 else { return 0 }
        let records = UnsafeRawBufferPointer(start: bytes, count: Int(count))
        guard state.pointee.output?.append(records) == true else { return -1 }
        return count
    }
}
