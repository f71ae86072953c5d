internal import PassimCore
internal import PassimSystem

/// The extended attributes of a published file (passim-protocol(7), EXTENDED ATTRIBUTES).
struct ItemAttributes: Equatable {
    private static let maxAge: StaticString = "user.max_age"
    private static let shareLimit: StaticString = "user.share_limit"
    private static let cmdline: StaticString = "user.cmdline"
    private static let bootTime: StaticString = "user.boot_time"
    /// Bytes: XATTR_SIZE_MAX of the kernel, so that nothing is too long to be complained of.
    private static let longest = 65536
    /// No program's name is longer.
    private static let longestCmdline = 4096

    var lifetime = Lifetime()
    var cmdline = ""
    /// `btime` of the boot in which it was published, where it is to be shared after the next one only.
    var bootTime: String?

    /// - Returns: what could not be written of that which may be missing.
    /// - Throws: where the boot time could not be written: the item would be shared too early.
    func write(to file: borrowing Descriptor) throws(SystemError) -> SystemError? {
        if let bootTime { try file.setAttribute(ItemAttributes.bootTime, Array(bootTime.utf8)) }
        do throws(SystemError) {
            try file.setAttribute(ItemAttributes.maxAge, ItemAttributes.bytes(lifetime.maxAge))
            try file.setAttribute(ItemAttributes.shareLimit, ItemAttributes.bytes(lifetime.shareLimit))
            let name = Array(cmdline.utf8.prefix { $0 != 0 }.prefix(ItemAttributes.longestCmdline))
            if !name.isEmpty { try file.setAttribute(ItemAttributes.cmdline, name) }
            return nil
        } catch {
            return error
        }
    }

    /// Attributes that are absent, not to be read or malformed have their default values; `complain` is told
    /// of the latter two.
    static func read(
        from file: borrowing Descriptor, complain: (String) -> Void
    ) -> ItemAttributes {
        var attributes = ItemAttributes()
        if let number = number(maxAge, of: file, complain) { attributes.lifetime.maxAge = number }
        if let number = number(shareLimit, of: file, complain) { attributes.lifetime.shareLimit = number }
        if let name = value(cmdline, of: file, complain) {
            if name.count > longestCmdline {
                complain("\(cmdline) has \(name.count) bytes and is ignored")
            } else {
                attributes.cmdline = String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
            }
        }
        if let text = value(bootTime, of: file, complain) {
            // No other text can be that of this boot.
            attributes.bootTime = String(decoding: text.prefix(20), as: UTF8.self)
        }
        return attributes
    }

    /// The value that means none is never written: the stock daemon exits on it. 136 years are as good.
    private static func bytes(_ number: UInt32) -> [UInt8] {
        withUnsafeBytes(of: min(number, Lifetime.unlimited - 1)) { Array($0) }
    }

    private static func number(
        _ name: StaticString, of file: borrowing Descriptor, _ complain: (String) -> Void
    ) -> UInt32? {
        guard let bytes = value(name, of: file, complain) else { return nil }
        guard bytes.count == 4 else {
            complain("\(name) has \(bytes.count) bytes instead of 4 and is ignored")
            return nil
        }
        return bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
    }

    private static func value(
        _ name: StaticString, of file: borrowing Descriptor, _ complain: (String) -> Void
    ) -> [UInt8]? {
        do throws(SystemError) {
            return try file.attribute(name, limit: longest)
        } catch {
            complain("\(name) cannot be read: \(error.code.sentence)")
            return nil
        }
    }
}
