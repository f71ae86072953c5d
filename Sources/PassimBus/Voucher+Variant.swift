internal import PassimCore
internal import PassimGLib

extension Voucher {
    /// Each: the SHA-256 in hexadecimal digits, st_dev, st_ino, st_size, and mtime and ctime in seconds since 1970 and
    /// nanoseconds.
    static let arrayType: StaticString = "a(stttxuxu)"
    /// How many fit in one call.
    static let mostInACall = 400

    static func array(_ files: some Sequence<Voucher>) -> Variant {
        var builder = VariantBuilder(arrayType)
        for file in files {
            let identity = file.identity
            builder.add(
                Variant(tuple: [
                    Variant(file.digest.hex), Variant(identity.device), Variant(identity.inode),
                    Variant(identity.size), Variant(identity.modified.seconds),
                    Variant(identity.modified.nanoseconds), Variant(identity.changed.seconds),
                    Variant(identity.changed.nanoseconds),
                ]))
        }
        return builder.end()
    }

    /// - Returns: nil where a value is out of its range.
    init?(_ variant: Variant) {
        let members = variant.children
        func time(_ seconds: Int, _ nanoseconds: Int) -> Timestamp? {
            guard let seconds = members[seconds].int64, let nanoseconds = members[nanoseconds].uint32,
                nanoseconds < 1_000_000_000
            else { return nil }
            return Timestamp(seconds: seconds, nanoseconds: nanoseconds)
        }
        guard members.count == 8, let digest = members[0].string.flatMap({ Digest(hex: $0) }),
            let device = members[1].uint64, let inode = members[2].uint64, let size = members[3].uint64,
            let modified = time(4, 5), let changed = time(6, 7)
        else { return nil }
        self.init(
            identity: FileIdentity(
                device: device, inode: inode, size: size, modified: modified, changed: changed),
            digest: digest)
    }
}
