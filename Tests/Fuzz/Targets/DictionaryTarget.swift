import PassimCore

@testable import PassimBus
@testable import PassimGLib

extension FuzzTarget {
    /// An `a{sv}` of the bus: GVariant's text where it begins with `{` or `@`, else the body of a message as
    /// it is marshalled. Read as what Publish is asked, an item, a directory's state and the properties.
    static let dictionary = FuzzTarget(
        name: "dictionary",
        sources: [
            "PassimBus/PublishArguments.swift", "PassimBus/PublishRequest+Variant.swift",
            "PassimBus/ItemDescription+Variant.swift", "PassimBus/ItemListWriter.swift",
            "PassimBus/DirectoryStatus+Variant.swift", "PassimBus/BusProperties+Variant.swift",
            "PassimGLib/Variant.swift", "PassimGLib/VariantBuilder.swift",
            "PassimGLib/DictionaryListWriter.swift",
        ],
        words: [
            "{", "}", "'filename': <'a'>", "'max-age': <uint32 5>", "'share-limit': <uint32 0>",
            "'share-count': <uint32 4294967295>", "'flags': <uint64 2>", "'size': <uint64 1>",
            "'hash': <'\(ReferenceConditions.hex)'>", "'ctime': <int64 -1>", "'cmdline': <'x'>",
            "'path': <'/srv'>", "'state': <'failed'>", "'bytes': <uint64 18446744073709551615>",
            "'pending-bytes': <uint64 18446744073709551615>", "'pending-files': <uint64 1>",
            "'Directories': <[{'path': <'/a'>}]>", "'Status': <uint32 3>", ", ", "<", ">", "''", "'",
            "\\u000a",
            "/", "@a{sv} {}", "(1,)", "true", "uint32 ", "uint64 ", "18446744073709551615",
            "\u{1}\u{0}\u{0}\u{0}",
        ],
        rounds: 800
    ) { (input) throws(Flaw) in
        let isText = input.first == 0x7B || input.first == 0x40
        let parsed =
            isText
            ? Variant(text: String(decoding: input, as: UTF8.self), type: "a{sv}")
            : Variant(messageBody: input, signature: "a{sv}")
        guard let dictionary = parsed else { return }
        try readRequest(dictionary)
        try readItem(dictionary)
        try readDirectory(dictionary)
        try readProperties(dictionary)
    }

    private static func readRequest(_ dictionary: Variant) throws(Flaw) {
        var names: [String] = []
        var wrong = 0
        dictionary.forEachEntry { key, value in
            if key == "filename", let name = value.string { names.append(name) }
            if let type = publishTypes[key], value.type != type { wrong += 1 }
        }
        let request: PublishRequest
        do throws(PublishError) {
            request = try PublishArguments.read(dictionary)
        } catch {
            guard case .invalid(let words) = error else { throw Flaw(description: "\(error)") }
            return try check(!words.isEmpty, "no words")
        }
        let name = request.filename.bytes
        try check(wrong == 0, "\(wrong) values of another type are taken")
        try checkEqual(String(decoding: name, as: UTF8.self), names.last, "the name is")
        try check(
            !name.isEmpty && !name.contains { $0 < 0x20 || $0 == 0x7F || $0 == 0x2F }, "the name \(name)")
        try check(request.shareCount < request.lifetime.shareLimit, "\(request)")
        try check(request.cmdline.isEmpty, "the command is the caller's to say")
        let again = try? PublishArguments.read(request.dictionary(size: nil))
        try checkEqual(again, request, "written and read")
    }

    private static let publishTypes = [
        "hash": "s", "filename": "s", "cmdline": "s", "max-age": "u", "share-limit": "u", "share-count": "u",
        "size": "t", "flags": "t", "ctime": "x",
    ]

    /// Our own marshalling is that of GDBus.
    private static func readItem(_ dictionary: Variant) throws(Flaw) {
        guard let item = ItemDescription(dictionary) else { return }
        var listing = ItemListWriter()
        try check(listing.add(item), "no room for \(item)")
        let body = listing.finish(total: 7)!.withBytes { Array($0) }
        guard let list = Variant(messageBody: body, signature: "aa{sv}t") else {
            throw Flaw(description: "\(item) is marshalled as \(body)")
        }
        try checkEqual(list.children.last?.uint64, 7, "the number behind it")
        let items = list.children[0].compactMapChildren { ItemDescription($0) }
        try checkEqual(items, [item], "marshalled and read")
        try checkEqual(Variant(tuple: list.children).messageBody, body, "marshalled by GDBus")
    }

    private static func readDirectory(_ dictionary: Variant) throws(Flaw) {
        guard let status = DirectoryStatus(dictionary).flatMap({ DirectoryStatus(written($0)) }) else {
            return
        }
        try check((0...100).contains(status.percent), "\(status.percent) %")
        try checkEqual(DirectoryStatus(written(status)).map { "\($0)" }, "\(status)", "written and read")
    }

    /// No state, and failing without a reason, become words of their own.
    private static func written(_ status: DirectoryStatus) -> Variant {
        var builder = VariantBuilder("a{sv}")
        status.write(to: &builder)
        return builder.end()
    }

    private static func readProperties(_ dictionary: Variant) throws(Flaw) {
        let properties = try again(BusProperties(dictionary, mirror: dictionary))
        try checkEqual("\(try again(properties))", "\(properties)", "written and read")
    }

    private static func again(_ properties: BusProperties) throws(Flaw) -> BusProperties {
        guard let passim = properties.dictionary(of: BusNames.passim),
            let mirror = properties.dictionary(of: BusNames.mirror)
        else { throw Flaw(description: "no such interface") }
        return BusProperties(passim, mirror: mirror)
    }
}
