internal import PassimCore
internal import Synchronization

/// Bodies that wait until GDBus writes the messages that have placeholders for them, and since when the bus has not
/// taken what is being written.
final class HeldBodies: Sendable {
    private let bodies = Lock<[UInt64: MessageBody]>([:])
    /// In microseconds of g_get_monotonic_time(3); 0 while the bus takes what is written.
    let blockedSince = Atomic<Int>(0)

    /// - Returns: the token of its placeholder.
    func hold(_ body: MessageBody) -> UInt64 {
        let token = UInt64.random(in: .min ... .max)
        bodies.withLock { $0[token] = body }
        return token
    }

    /// - Parameter message: as GDBus is about to write it.
    /// - Returns: what is to be written in its place, one after the other; nil where it is no placeholder.
    func replacement(for message: UnsafeRawBufferPointer) -> (head: [UInt8], body: MessageBody)? {
        // Byte order, type and so on; length of the body; serial; length of the header's fields.
        guard message.count >= 24, bodies.withLock({ !$0.isEmpty }) else { return nil }
        let bodyLength = Int(message.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        let fieldsLength = Int(message.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
        let headLength = (16 + fieldsLength + 7) & ~7
        guard headLength + bodyLength == message.count else { return nil }
        let token = message.loadUnaligned(fromByteOffset: message.count - 8, as: UInt64.self)
        guard let body = bodies.withLock({ $0.removeValue(forKey: token) }) else { return nil }
        var head = Array(message[..<headLength])
        head.withUnsafeMutableBytes { head in
            head.storeBytes(of: UInt32(body.count), toByteOffset: 4, as: UInt32.self)
        }
        return (head, body)
    }
}
