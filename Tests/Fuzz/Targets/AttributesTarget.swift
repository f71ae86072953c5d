import Glibc
import PassimCore

@testable import PassimDaemon
@testable import PassimMirror
@testable import PassimPublish
@testable import PassimSystem

extension FuzzTarget {
    /// Lines: size, seconds and nanoseconds of a file, and its attributes `user.checksum.sha256`, the stamp
    /// of that, `user.max_age`, `user.share_limit`, `user.cmdline` and `user.boot_time`; `-` for none, `=`
    /// for the stamp that belongs to it. All of it also as /proc/stat, as the file of totals and as a name.
    static let attributes = FuzzTarget(
        name: "attributes",
        sources: [
            "PassimMirror/Checksums/Stamp.swift", "PassimMirror/Checksums/ChecksumCache.swift",
            "PassimPublish/ItemAttributes.swift",
            "PassimPublish/ItemName.swift", "PassimSystem/BootTime.swift",
        ],
        words: [
            ReferenceConditions.hex, ReferenceConditions.hex.uppercased(), "\n", "=\n", "-\n", ":", ".", "-",
            "0", "000000000", "18446744073709551615", "-9223372036854775808", "btime ", "\0", "\u{FF}",
        ],
        rounds: 500
    ) { (input) throws(Flaw) in
        var lines = input.split(separator: 0x0A, omittingEmptySubsequences: false).map { Array($0) }
        lines += [[UInt8]](repeating: [0x2D], count: max(0, 7 - lines.count))
        let identity = identity(lines[0])
        let stamp = try stamp(of: identity)
        let file: Descriptor
        do throws(SystemError) {
            file = try makeFile(lines[1..<7].map { $0 == [0x3D] ? stamp : $0 })
        } catch {
            throw Flaw(description: "\(error)")
        }
        try readChecksum(file, identity, stamp, lines)
        try readItem(file, lines)
        try readTexts(input)
    }

    private static let names: [StaticString] = [
        ChecksumCache.checksumAttribute, Stamp.attribute, "user.max_age", "user.share_limit", "user.cmdline",
        "user.boot_time",
    ]

    private static let volume = Volume(id: nil, type: "ext4", device: 1)

    private static func identity(_ line: [UInt8]) -> FileIdentity {
        let words = line.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) } + ["", "", ""]
        return FileIdentity(
            device: 1, inode: 2, size: UInt64(words[0]) ?? 5,
            modified: Timestamp(
                seconds: Int64(words[1]) ?? 7, nanoseconds: min(UInt32(words[2]) ?? 9, 999_999_999)),
            changed: Timestamp(seconds: 1, nanoseconds: 2))
    }

    private static func stamp(of identity: FileIdentity) throws(Flaw) -> [UInt8] {
        let stamp = Stamp(identity, on: volume).bytes
        let digits = "\(identity.modified.nanoseconds)"
        let nanoseconds = String(repeating: "0", count: 9 - digits.count) + digits
        try checkEqual(
            String(decoding: stamp, as: UTF8.self),
            "v2:\(identity.size):\(identity.modified.seconds).\(nanoseconds):2:-", "the stamp is")
        try check(stamp.count <= Stamp.longest, "a stamp of \(stamp.count) bytes")
        return stamp
    }

    private static func readChecksum(
        _ file: borrowing Descriptor, _ identity: FileIdentity, _ stamp: [UInt8], _ lines: [[UInt8]]
    ) throws(Flaw) {
        let cache = ChecksumCache(
            place: .attributes, store: nil, epoch: ChecksumEpoch(directory: nil))
        let trusted = cache.trustedAttributes(of: file, identity, on: volume, isFirstScan: true)?.digest
        let isHex = lines[1].count == 64 && lines[1].allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 }
        let isStamped = lines[2] == [0x3D] || lines[2] == stamp
        try checkEqual(
            trusted?.hex, isHex && isStamped ? String(decoding: lines[1], as: UTF8.self) : nil, "trusted")
        let recorded = cache.recorded(of: file, identity, on: volume)
        try checkEqual(recorded.isCurrent, isStamped || lines[2] == Stamp(old: identity).bytes, "current")
        try checkEqual(recorded.digest != nil, isHex, "a digest is there")
    }

    private static func readItem(_ file: borrowing Descriptor, _ lines: [[UInt8]]) throws(Flaw) {
        var complaints = 0
        let item = ItemAttributes.read(from: file) { _ in complaints += 1 }
        func number(_ value: [UInt8], _ absent: UInt32) -> UInt32 {
            value.count == 4 ? value.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) } : absent
        }
        try checkEqual(item.lifetime.maxAge, number(lines[3], 86400), "max_age")
        try checkEqual(item.lifetime.shareLimit, number(lines[4], 5), "share_limit")
        let malformed = lines[3...4].count { $0 != [0x2D] && $0.count != 4 && $0 != [0x3D] }
        if !lines[3...4].contains([0x3D]) { try checkEqual(complaints, malformed, "complaints") }
        // What is written is what is read, but for the number that nobody may write.
        var copy = item
        do throws(SystemError) {
            if let error = try copy.write(to: file) { throw error }
        } catch {
            throw Flaw(description: "\(error)")
        }
        copy.lifetime.maxAge = min(copy.lifetime.maxAge, .max - 1)
        copy.lifetime.shareLimit = min(copy.lifetime.shareLimit, .max - 1)
        let again = ItemAttributes.read(from: file) { _ in }
        try checkEqual(again.lifetime, copy.lifetime, "written and read")
        if !copy.cmdline.isEmpty { try checkEqual(again.cmdline, copy.cmdline, "written and read") }
    }

    private static func readTexts(_ input: [UInt8]) throws(Flaw) {
        if let time = bootTime(statistics: input) { try check(UInt64(time) != nil, "the boot time \(time)") }
        if let total = TotalsFile(input) {
            try check(String(decoding: input, as: UTF8.self).contains("\(total.bytes)"), "the total \(total)")
            try checkEqual(TotalsFile(total.content), total, "written and read")
        }
        let name = RawName(bytes: input)
        if let item = ItemName(onDisk: name) {
            try checkEqual(item.onDisk, name, "the name is")
            try check(!item.filename.isEmpty && !item.prefix.bytes.contains(0x2D), "\(item)")
        }
    }

    /// A nameless one, with these attributes.
    private static func makeFile(_ values: [[UInt8]]) throws(SystemError) -> Descriptor {
        let directory = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(directory)/passim-fuzz-XXXXXX".utf8CString)
        let file = Descriptor(owning: try retrying(.open, directory) { mkstemp(&template) })
        unlink(template)
        for (name, value) in zip(names, values) where value != [0x2D] {
            try file.setAttribute(name, Array(value.prefix(3000)))
        }
        return file
    }
}
