internal import ArgumentParser
internal import Glibc
internal import PassimConfig
internal import PassimCore
internal import PassimSystem

struct MirrorRemoteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remote", abstract: "Print the file that makes fwupd use a mirror.",
        discussion: """
            The file is for the clients, for /etc/fwupd/remotes.d; it says itself what to do with it. The metadata is \
            the firmware.xml.* of the mirror that has a .jcat beside it.
            """)

    @Argument(help: "The name of the mirror's file in passim.d, with or without .conf.")
    var name: DropInName

    @Option(help: ArgumentHelp("The name by which clients reach this host.", valueName: "name"))
    var host: String?

    @Option(
        help: ArgumentHelp(
            "The URL below which clients fetch files by name, if not as configured.", valueName: "url"))
    var url: String?

    func run() throws {
        let paths = Paths(environment: Style.variable)
        let configuration = Configuration.read(systemConfigurationDirectory: paths.systemConfiguration)
        if let failure = configuration.failures.first(where: { $0.name == name.file }) {
            throw Failure("\(failure.complaint)")
        }
        guard let dropIn = configuration.dropIns.first(where: { $0.name == name.file }) else {
            throw Failure("\(paths.dropInDirectory) has no \(RawName(name.file)): see passim mirror list")
        }
        let host = try self.host ?? MirrorRemoteCommand.ownName()
        let base = try base(configuration.daemon, dropIn, host: host)
        guard let metadata = try MirrorRemoteCommand.metadata(in: dropIn.path) else {
            throw Failure(
                "\(RawName(dropIn.path)) has no firmware.xml.* with its .jcat: fill it first, with passim mirror sync"
            )
        }
        let file = RemoteFile(
            name: String(name.file.dropLast(".conf".count)), host: host, base: base, metadata: metadata)
        let output = Output()
        try output.write(file.text)
        try output.flush()
    }

    /// The URL of the mirror by name: without TLS where that is served and nobody has signed our certificate.
    private func base(
        _ daemon: DaemonConfiguration, _ dropIn: DropIn, host: String
    ) throws(Failure) -> SourceURL {
        let authority = host.contains(":") ? "[\(host)]" : host
        let isPlain = daemon.httpPort > 0 && daemon.certificate == nil
        let place =
            isPlain ? "http://\(authority):\(daemon.httpPort)/" : "https://\(authority):\(daemon.port)/"
        if url == nil {
            if !dropIn.names {
                Output.complain(
                    "\(RawName(dropIn.file)): nothing is served by name yet: it needs Names=true")
            }
            if !isPlain, daemon.certificate == nil {
                Output.complain(
                    "fwupd refuses the certificate that passimd made: passim.conf needs HTTPPort=, or Certificate= and Key="
                )
            }
        }
        let text = url ?? place
        do throws(SourceURL.Fault) {
            let root = try SourceURL(text)
            if url != nil || dropIn.prefix.isEmpty { return root }
            return try SourceURL(root.url(of: dropIn.prefix) + "/")
        } catch {
            throw Failure("\(RawName(text)): \(error)")
        }
    }

    /// The best form of it that is signed.
    private static func metadata(in directory: String) throws(Failure) -> String? {
        let place = try failing(RawName(directory)) { () throws(SystemError) in
            try Descriptor.open(directory, [.readOnly, .directory])
        }
        return ["zst", "xz", "gz"].map { "firmware.xml.\($0)" }.first { name in
            [name, name + ".jcat"].allSatisfy { file in
                (try? place.status(of: RawName(file)))?.kind == .regular
            }
        }
    }

    private static func ownName() throws(Failure) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else {
            throw Failure("this host has no name: use --host")
        }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// A file of remotes.d (fwupd-remotes.d(5)).
struct RemoteFile {
    /// The mirror's name.
    var name: String
    var host: String
    /// The URL that serves files by name.
    var base: SourceURL
    /// The name of the metadata.
    var metadata: String

    var text: String {
        """
        # The mirror \(name) on \(host). On each client, save this as /etc/fwupd/remotes.d/\(name)-mirror.conf, then:
        #   fwupdmgr disable-remote lvfs
        #   fwupdmgr refresh --force
        [fwupd Remote]
        Enabled=true
        Title=\(name) on \(host)
        MetadataURI=\(base.url(of: RawName(metadata)))
        FirmwareBaseURI=\(base.text)

        """
    }
}
