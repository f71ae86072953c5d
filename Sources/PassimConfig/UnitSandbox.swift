internal import PassimCore
internal import PassimSystem

/// Paths passim.service hides from the daemon, as systemd reads it (systemd.exec(5)): `ProtectHome=` and
/// `PrivateTmp=` of the unit and its drop-ins.
package struct UnitSandbox: Sendable, Equatable {
    /// /home, /root and /run/user
    package var hidesHomes = false
    /// /tmp and /var/tmp
    package var hidesTemporaries = false

    package init(hidesHomes: Bool = false, hidesTemporaries: Bool = false) {
        self.hidesHomes = hidesHomes
        self.hidesTemporaries = hidesTemporaries
    }

    /// - Parameter systemConfiguration: `/etc`; of a daemon with another one the units of the system say nothing.
    /// - Returns: nil where no unit is installed.
    package static func read(systemConfiguration: String) -> UnitSandbox? {
        var directories = [systemConfiguration + "/systemd/system"]
        if systemConfiguration == "/etc" {
            directories += [
                "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
                "/lib/systemd/system",
            ]
        }
        return read(directories)
    }

    /// - Parameter directories: those that come first win.
    static func read(_ directories: [String]) -> UnitSandbox? {
        guard let unit = directories.lazy.compactMap({ text(of: $0 + "/passim.service") }).first else {
            return nil
        }
        var sandbox = UnitSandbox()
        sandbox.take(unit)
        // If two have the same name, the first directory's counts.
        var dropIns: [String: String] = [:]
        for directory in directories.reversed() {
            let place = directory + "/passim.service.d"
            for name in names(in: place) where name.hasSuffix(".conf") {
                dropIns[name] = text(of: "\(place)/\(name)")
            }
        }
        for (_, text) in dropIns.sorted(by: { $0.key < $1.key }) { sandbox.take(text) }
        return sandbox
    }

    private mutating func take(_ text: String) {
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let value = String(parts[1]).trimmed.lowercased()
            let isOn = ["yes", "y", "true", "t", "1", "on"].contains(value)
            switch String(parts[0]).trimmed {
            case "ProtectHome": hidesHomes = isOn || value == "tmpfs"
            case "PrivateTmp": hidesTemporaries = isOn || value == "disconnected"
            default: break
            }
        }
    }

    private static func text(of path: String) -> String? {
        guard let file = try? Descriptor.open(path, [.readOnly, .nonBlocking]),
            let bytes = try? file.readAll(limit: 1 << 20)
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func names(in directory: String) -> [String] {
        guard let place = try? Descriptor.open(directory, [.readOnly, .directory]) else { return [] }
        var names: [String] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32768, alignment: 8)
        defer { buffer.deallocate() }
        try? place.forEachName(buffer: buffer) { (bytes, _) throws(SystemError) in
            names.append(String(decoding: bytes, as: UTF8.self))
        }
        return names
    }

    /// Why the daemon does not see a directory; nil where it does.
    ///
    /// - Parameter path: absolute, without symlinks.
    package func obstacle(to path: String) -> String? {
        func isBelow(_ directory: String) -> Bool { path == directory || path.hasPrefix(directory + "/") }
        if hidesHomes, let home = ["/home", "/root", "/run/user"].first(where: isBelow) {
            return """
                passim.service hides \(home) from the daemon: let it see it with ProtectHome=read-only below [Service] \
                in: systemctl edit passim
                """
        }
        if hidesTemporaries, let place = ["/tmp", "/var/tmp"].first(where: isBelow) {
            return """
                passim.service gives the daemon a \(place) of its own: let it see this one with PrivateTmp=no below \
                [Service] in: systemctl edit passim
                """
        }
        return nil
    }
}
