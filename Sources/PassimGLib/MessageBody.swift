/// The body of a message as D-Bus marshals it, for answers that are too large for GVariant: GDBus takes 0.5 s to
/// marshal 100 000 items out of one, and a stock client waits 1.5 s altogether.
package struct MessageBody: Sendable {
    package enum Signature: Sendable {
        /// `aa{sv}`
        case list
        /// `aa{sv}t`
        case listAndNumber
    }

    package let signature: Signature
    /// In the byte order of this machine.
    private let buffer: PageBuffer
    /// Whatever is to go with the bytes when they have been written, or never will be.
    package var companion: (any AnyObject & Sendable)?

    init(signature: Signature, _ buffer: PageBuffer) {
        self.signature = signature
        self.buffer = buffer
    }

    package var count: Int { buffer.count }

    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withExtendedLifetime(buffer) { body(buffer.bytes) }
    }

    /// The stand-in until the message is written: of the same type, with `token` in its last 8 bytes.
    func placeholder(_ token: UInt64) -> Variant {
        var list = VariantBuilder("aa{sv}")
        switch signature {
        case .list:
            list.open("a{sv}")
            list.entry("", token)
            list.close()
            return Variant(tuple: [list.end()])
        case .listAndNumber: return Variant(tuple: [list.end(), Variant(token)])
        }
    }
}
