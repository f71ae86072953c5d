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
        var found = VariantBuilder("aa{sv}")
        for trouble in troubles {
            found.open("a{sv}")
            trouble.write(to: &found)
            found.close()
        }
        builder.entry("Troubles", found.end())
        builder.entry("Uptime", uptime)
        builder.entry("DigestsWanted", digestsWanted)
        builder.entry("DigestsFound", digestsFound)
        builder.entry("Downloads", downloads)
        builder.entry("SentBytes", sentBytes)
        return builder.end()
    }

    init(_ dictionary: Variant) {
        let directories = dictionary.value(forKey: "Directories")
        self.init(
            itemCount: dictionary.value(forKey: "ItemCount")?.uint64 ?? 0,
            totalBytes: dictionary.value(forKey: "TotalBytes")?.uint64 ?? 0,
            directories: directories?.compactMapChildren { DirectoryStatus($0) } ?? [],
            troubles: dictionary.value(forKey: "Troubles")?.compactMapChildren { Trouble($0) } ?? [])
        func number(_ key: String) -> UInt64 { dictionary.value(forKey: key)?.uint64 ?? 0 }
        uptime = number("Uptime")
        digestsWanted = number("DigestsWanted")
        digestsFound = number("DigestsFound")
        downloads = number("Downloads")
        sentBytes = number("SentBytes")
        tellsTroubles = dictionary.value(forKey: "Troubles")?.type == "aa{sv}"
    }
}
