internal import ArgumentParser
internal import PassimCore

/// A SHA-256 in 64 hexadecimal digits.
struct DigestArgument: ExpressibleByArgument {
    let digest: Digest

    init?(argument: String) {
        guard let digest = Digest(hex: argument) else { return nil }
        self.digest = digest
    }
}
