internal import Glibc
internal import PassimSystem
internal import PassimTestKit

/// A server under test, on loopback, as a child process; ended with the value.
final class BenchServer: Sendable {
    let name: String
    let port: UInt16
    let counters: ProcessCounters
    private let process: ChildProcess
    private let pathOf: @Sendable (ServedTree.File) -> String

    /// - Parameter pathOf: how this server's clients ask for a file.
    private init(
        name: String, port: UInt16, process: ChildProcess, files: [ServedTree.File],
        pathOf: @escaping @Sendable (ServedTree.File) -> String
    ) throws {
        self.name = name
        self.port = port
        self.process = process
        self.pathOf = pathOf
        try BenchServer.waitUntilServing(process, port, files, pathOf)
        counters = try ProcessCounters(root: process.identifier)
    }

    deinit {
        _ = try? process.terminate()
    }

    func path(_ file: ServedTree.File) -> String { pathOf(file) }

    /// For clients that take URLs.
    func url(_ file: ServedTree.File) -> String { "https://127.0.0.1:\(port)\(pathOf(file))" }

    func client(_ options: TLSClient.Options = .init()) throws -> TLSClient {
        try TLSClient.connected(port: port, options)
    }

    // MARK: - Ours

    /// passimd with nothing configured but the port and one drop-in.
    ///
    /// - Parameter program: a release build.
    static func passimd(
        _ program: String, serving tree: ServedTree, _ more: [ServedTree.File] = []
    ) throws -> BenchServer {
        let port = try unusedPort()
        try tree.write("passimd/etc/passim.conf", "[daemon]\nPort=\(port)\nListen=127.0.0.1\n")
        try tree.write("passimd/etc/passim.d/bench.conf", "[passim]\nPath=\(tree.served)\n")
        var setting = ChildProcess.Setting()
        setting.environment = [
            "SYSCONFDIR": tree.absolute("passimd/etc"), "LOCALSTATEDIR": tree.absolute("passimd/var"),
            "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=\(tree.absolute("no-bus"))",
        ]
        return try BenchServer(
            name: "passimd", port: port, process: ChildProcess(endingWithUs([program]), setting),
            files: tree.files + more
        ) { "/\($0.name.split(separator: "/").last ?? "")?sha256=\($0.digest)" }
    }

    // MARK: - nginx

    /// nginx with 2 workers, access_log off, sendfile on, ECDSA P-256, TLS 1.3, keepalive_requests 1000000
    /// (Sources/README.md, "Targets of performance").
    ///
    /// - Parameter threads: it reads files in threads.
    static func nginx(
        serving tree: ServedTree, _ more: [ServedTree.File] = [], threads: Bool = false
    ) throws -> BenchServer {
        let port = try unusedPort()
        let home = try tree.makeDirectory("nginx")
        try Command.succeed([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days", "2",
            "-subj", "/CN=localhost", "-keyout", "\(home)/key.pem", "-out", "\(home)/cert.pem",
        ])
        try tree.write(
            "nginx/nginx.conf", configuration(home: home, port: port, root: tree.served, threads: threads))
        let program = ["nginx", "-p", home, "-c", "\(home)/nginx.conf", "-e", "stderr"]
        return try BenchServer(
            name: "nginx", port: port, process: ChildProcess(endingWithUs(program)),
            files: tree.files + more
        ) { "/\($0.name)" }
    }

    private static func configuration(home: String, port: UInt16, root: String, threads: Bool) -> String {
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "\($0)_temp_path \(home)/\($0);" }.joined(separator: "\n    ")
        // As root, the workers would become a user who cannot read the temporary tree.
        return """
            \(getuid() == 0 ? "user root;" : "")
            daemon off;
            worker_processes 2;
            worker_rlimit_nofile 16384;
            pid \(home)/nginx.pid;
            error_log stderr crit;
            events { worker_connections 8192; }
            http {
                access_log off;
                sendfile on;
                \(threads ? "aio threads;" : "")
                keepalive_requests 1000000;
                keepalive_timeout 600;
                \(temporary)
                server {
                    listen 127.0.0.1:\(port) ssl backlog=4096;
                    ssl_certificate \(home)/cert.pem;
                    ssl_certificate_key \(home)/key.pem;
                    ssl_protocols TLSv1.3;
                    root \(root);
                }
            }

            """
    }

    // MARK: -

    /// The server gets SIGTERM when this process dies, however it dies (prctl(2), PR_SET_PDEATHSIG).
    private static func endingWithUs(_ program: [String]) -> [String] {
        ["setpriv", "--pdeathsig", "TERM", "--"] + program
    }

    /// A port that nobody listens on now.
    private static func unusedPort() throws -> UInt16 {
        try Socket.listen(.every(v6: false), port: 0).boundPort()
    }

    /// Asks for every file until the server has it: it may still be hashing.
    private static func waitUntilServing(
        _ process: ChildProcess, _ port: UInt16, _ files: [ServedTree.File],
        _ pathOf: (ServedTree.File) -> String
    ) throws {
        let end = monotonicNanoseconds() + 120_000_000_000
        var missing = files
        while let file = missing.last {
            do {
                try Exchange.head(TLSClient.connected(port: port), pathOf(file))
                missing.removeLast()
            } catch {
                guard process.end == nil, monotonicNanoseconds() < end else {
                    throw TestFailure(
                        "no server of \(file.name): \(error); \(process.errorText.suffix(2000))")
                }
                usleep(20_000)
            }
        }
    }
}
