internal import PassimCore
internal import PassimGLib

/// Items of a `.jcat` (jcat-tool(1)), which signs them: gzip of JSON, `Items[{Id, AliasIds, Blobs[{Kind, Data}]}]`.
///
/// fwupd fetches the metadata by its `Id`, which need not be the name that the source has it under.
struct SignedNames {
    struct Item: Hashable {
        /// A name, in the directory of the `.jcat`.
        var id: RawName
        /// Names of the same content.
        var aliases: [RawName]
        /// nil where it is signed and its SHA-256 is not told.
        var digest: Digest?
    }

    /// Bytes; LVFS has some ten thousand.
    static let longestFile = 1 << 20
    private static let longestText = 1 << 20
    /// Items of one file, and names of one item; LVFS has one or two of each.
    static let mostItems = 64
    static let mostAliases = 16
    /// JCAT_BLOB_KIND_SHA256
    private static let kindSHA256 = 1.0

    let items: [Item]

    /// nil where it is none that we understand, or larger than any that signs something.
    init?(_ file: [UInt8]) {
        guard let text = try? gunzip(file, limit: SignedNames.longestText), let json = JSONValue(text),
            let list = json["Items"]?.elements, list.count <= SignedNames.mostItems
        else { return nil }
        var items: [Item] = []
        for element in list {
            guard let id = element["Id"]?.text else { return nil }
            let aliases = element["AliasIds"]?.elements ?? []
            guard aliases.count <= SignedNames.mostAliases else { return nil }
            let blobs = element["Blobs"]?.elements ?? []
            let digest = blobs.first { $0["Kind"]?.number == SignedNames.kindSHA256 }?["Data"]?.text
            items.append(
                Item(
                    id: RawName(id), aliases: aliases.compactMap { $0.text.map { RawName($0) } },
                    digest: digest.flatMap { Digest(hex: $0) }))
        }
        self.items = items
    }
}
