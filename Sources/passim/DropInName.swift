internal import ArgumentParser
internal import PassimCore

/// The name of a drop-in, with or without `.conf`.
struct DropInName: ExpressibleByArgument, Hashable {
    /// The file name in passim.d.
    let file: String

    init?(argument: String) {
        let file = argument.hasSuffix(".conf") ? argument : argument + ".conf"
        // Hidden ones are passed over by the daemon; a name has 255 bytes at most, with what is written first.
        guard file != ".conf", file.utf8.first != 0x2E, file.utf8.count <= 240,
            !file.unicodeScalars.contains(where: { scalar in
                scalar == "/" || scalar == "\u{FFFD}" || scalar.properties.generalCategory == .control
            })
        else { return nil }
        self.file = file
    }
}
