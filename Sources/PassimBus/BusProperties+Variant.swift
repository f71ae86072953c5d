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

extension BusProperties.Mirror {
    init(_ dictionary: Variant) {
        let directories = dictionary.value(forKey: "Directories")
        self.init(
            itemCount: dictionary.value(forKey: "ItemCount")?.uint64 ?? 0,
            totalBytes: dictionary.value(forKey: "TotalBytes")?.uint64 ?? 0,
            directories: directories?.compactMapChildren { DirectoryStatus($0) } ?? [])
    }
}
