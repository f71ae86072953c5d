internal import PassimCore
internal import PassimGLib

extension BusProperties {
    /// - Parameters:
    ///   - passim: what GetAll answers for org.freedesktop.Passim; what is absent is zero or empty.
    ///   - mirror: the same for org.freedesktop.Passim.Mirror.
    init(_ passim: Variant, mirror: Variant?) {
        self.init(
            daemonVersion: passim.value(forKey: "DaemonVersion")?.string ?? "",
            name: passim.value(forKey: "Name")?.string ?? "",
            uri: passim.value(forKey: "Uri")?.string ?? "",
            status: passim.value(forKey: "Status")?.uint32.flatMap { DaemonStatus(rawValue: $0) } ?? .unknown,
            downloadSaving: passim.value(forKey: "DownloadSaving")?.uint64 ?? 0,
            carbonSaving: passim.value(forKey: "CarbonSaving")?.double ?? 0,
            mirror: mirror.map { Mirror($0) })
    }
}

extension BusProperties {
    /// The answer of Get: nil if the interface has no such property.
    func value(_ property: String, of interface: String) -> Variant? {
        dictionary(of: interface)?.value(forKey: property)
    }

    /// The answer of GetAll: nil if there is no such interface.
    func dictionary(of interface: String) -> Variant? {
        switch interface {
        case BusNames.passim: dictionary
        case BusNames.mirror: mirror?.dictionary
        default: nil
        }
    }

    private var dictionary: Variant {
        var builder = VariantBuilder("a{sv}")
        builder.entry("DaemonVersion", daemonVersion)
        builder.entry("Name", name)
        builder.entry("Uri", uri)
        builder.entry("Status", status.rawValue)
        builder.entry("DownloadSaving", downloadSaving)
        builder.entry("CarbonSaving", carbonSaving)
        return builder.end()
    }
}

extension BusProperties.Mirror {
    fileprivate var dictionary: Variant {
        var list = VariantBuilder("aa{sv}")
        for directory in directories {
            list.open("a{sv}")
            directory.write(to: &list)
            list.close()
        }
        var builder = VariantBuilder("a{sv}")
        builder.entry("ItemCount", itemCount)
        builder.entry("TotalBytes", totalBytes)
        builder.entry("Directories", list.end())
        var sentences = VariantBuilder("as")
        for trouble in troubles { sentences.add(Variant(trouble)) }
        builder.entry("Troubles", sentences.end())
        return builder.end()
    }

    init(_ dictionary: Variant) {
        let directories = dictionary.value(forKey: "Directories")
        self.init(
            itemCount: dictionary.value(forKey: "ItemCount")?.uint64 ?? 0,
            totalBytes: dictionary.value(forKey: "TotalBytes")?.uint64 ?? 0,
            directories: directories?.compactMapChildren { DirectoryStatus($0) } ?? [],
            troubles: dictionary.value(forKey: "Troubles")?.compactMapChildren { $0.string } ?? [])
    }
}
