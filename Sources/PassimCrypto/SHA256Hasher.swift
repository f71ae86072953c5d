internal import COpenSSL
package import PassimCore

/// SHA-256 (FIPS 180-4) of a stream of bytes, by OpenSSL's EVP; one thread at a time.
///
/// The context and the fetched algorithm are kept between digests: `EVP_MD_fetch(3)` takes a lock and a
/// look-up by name, which shows where thousands of small files are hashed.
package final class SHA256Hasher {
    private let context: OpaquePointer

    package init() {
        guard let context = EVP_MD_CTX_new() else { SHA256Hasher.failed("EVP_MD_CTX_new") }
        self.context = context
        start()
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        guard EVP_DigestUpdate(context, start, bytes.count) == 1 else {
            SHA256Hasher.failed("EVP_DigestUpdate")
        }
    }

    /// The digest of everything since the start or the last `finish`; begins anew.
    package func finish() -> Digest {
        let digest = withUnsafeTemporaryAllocation(byteCount: Digest.byteCount, alignment: 8) { buffer in
            let bytes = buffer.bindMemory(to: UInt8.self)
            guard EVP_DigestFinal_ex(context, bytes.baseAddress, nil) == 1 else {
                SHA256Hasher.failed("EVP_DigestFinal_ex")
            }
            // The buffer has the count of a digest.
            return Digest(bytes: UnsafeRawBufferPointer(buffer))!
        }
        start()
        return digest
    }

    /// The digest of everything since the start or the last `finish`, which goes on.
    package var current: Digest {
        let copy = SHA256Hasher()
        guard EVP_MD_CTX_copy_ex(copy.context, context) == 1 else {
            SHA256Hasher.failed("EVP_MD_CTX_copy_ex")
        }
        return copy.finish()
    }

    package static func digest(of bytes: UnsafeRawBufferPointer) -> Digest {
        let hasher = SHA256Hasher()
        hasher.update(bytes)
        return hasher.finish()
    }

    package static func digest(of bytes: [UInt8]) -> Digest {
        bytes.withUnsafeBytes { digest(of: $0) }
    }

    private func start() {
        guard EVP_DigestInit_ex2(context, SHA256Hasher.algorithm, nil) == 1 else {
            SHA256Hasher.failed("EVP_DigestInit_ex2")
        }
    }

    // Never freed and never written again; OpenSSL's fetched algorithms may be used from any thread.
    nonisolated(unsafe) private static let algorithm: OpaquePointer = {
        guard let algorithm = EVP_MD_fetch(nil, "SHA256", nil) else { failed("EVP_MD_fetch") }
        return algorithm
    }()

    /// An OpenSSL without SHA-256, or out of memory: there is nothing that passim could still do.
    private static func failed(_ call: String) -> Never {
        fatalError("\(CryptoError(doing: "computing a SHA-256 with \(call)"))")
    }
}
