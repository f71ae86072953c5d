import PassimCore
import PassimCrypto
import PassimTestKit

/// A certificate that is valid at another time only, made with openssl(1): ours would make a new one.
enum DatedIdentity {
    private static let settings = """
        [ca]
        default_ca = own
        [own]
        database = index.txt
        new_certs_dir = .
        serial = serial
        default_md = sha256
        policy = any
        [any]
        commonName = supplied
        [req]
        distinguished_name = name
        [name]

        """

    /// - Parameter start: as `openssl ca` has it: YYYYMMDDHHMMSSZ.
    static func make(from start: String, to end: String) throws -> ServerIdentity {
        let tree = try TemporaryTree()
        try tree.write("settings", settings)
        try tree.write("index.txt", "")
        try tree.write("serial", "01\n")
        var setting = ChildProcess.Setting()
        setting.workingDirectory = tree.path
        try Command.succeed(
            [
                "openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", "secret.key", "-out", "request", "-subj", "/CN=host", "-config", "settings",
            ], setting)
        try Command.succeed(
            [
                "openssl", "ca", "-batch", "-selfsign", "-config", "settings", "-keyfile", "secret.key",
                "-in",
                "request", "-out", "cert.pem", "-notext", "-startdate", start, "-enddate", end,
            ], setting)
        let location = ServerIdentity.Location(
            keyPath: tree.absolute("secret.key"), certificatePath: tree.absolute("cert.pem"))
        // As if loaded when it was valid: later, a new one would be made.
        let year = Int64(start.prefix(4)) ?? 1970
        let then = Timestamp(seconds: (year - 1970) * 31_557_600 + 100 * 86400, nanoseconds: 0)
        let (identity, events) = try ServerIdentity.load(from: location, hostName: "host", now: then)
        guard events.isEmpty else { throw TestFailure("the certificate was not taken: \(events)") }
        return identity
    }
}
