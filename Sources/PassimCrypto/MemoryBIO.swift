internal import COpenSSL

/// OpenSSL's reading from and writing to memory (BIO_s_mem(3)), which PEM functions want.
package enum MemoryBIO {
    /// Lends a BIO that reads `bytes`.
    static func reading<Result>(_ bytes: [UInt8], _ body: (OpaquePointer) -> Result?) -> Result? {
        // A length of 0 with a null pointer would be refused: what has no bytes has no PEM either.
        guard !bytes.isEmpty, bytes.count <= CInt.max else { return nil }
        return bytes.withUnsafeBytes { buffer in
            guard let bio = BIO_new_mem_buf(buffer.baseAddress, CInt(buffer.count)) else { return nil }
            defer { BIO_free(bio) }
            return body(bio)
        }
    }

    /// The bytes that `body` wrote; nil if it answers false.
    package static func written(_ body: (OpaquePointer) -> Bool) -> [UInt8]? {
        guard let bio = BIO_new(BIO_s_mem()) else { return nil }
        defer { BIO_free(bio) }
        guard body(bio) else { return nil }
        return taken(from: bio)
    }

    /// Takes out what has been written to a BIO.
    package static func taken(from bio: OpaquePointer?) -> [UInt8] {
        var start: UnsafeMutablePointer<CChar>?
        let count = copenssl_memory(bio, &start)
        let bytes = Array(UnsafeRawBufferPointer(start: start, count: count))
        BIO_ctrl(bio, BIO_CTRL_RESET, 0, nil)
        return bytes
    }
}
