package import PassimCore

/// A machine of a LAN that says it has digests, and answers for them as it likes: through the real avahi-daemon,
/// by a TLS server in Python.
package final class StockPeer: Sendable {
    package enum Manner: Sendable {
        /// As the stock daemon: 403 for HEAD, the file for GET.
        case stock(content: String)
        /// Says it has the file, and does not.
        case liar
        /// Says it has the file, and sends another.
        case forger(content: String)
        /// Takes connections and says nothing.
        case silent
        /// Sends everybody to this place.
        case redirect(to: String)
    }

    private let tree: TemporaryTree
    private let server: ChildProcess
    private let publisher: ChildProcess
    package let port: Int

    package init(on host: AvahiHost, _ manner: Manner, digests: [Digest]) throws {
        tree = try TemporaryTree()
        try tree.write("server.py", StockPeer.program)
        try Command.succeed([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days",
            "2", "-subj", "/CN=peer", "-keyout", tree.absolute("key.pem"), "-out", tree.absolute("cert.pem"),
        ])
        let (name, value) =
            switch manner {
            case .stock(let content): ("stock", content)
            case .liar: ("liar", "")
            case .forger(let content): ("forger", content)
            case .silent: ("silent", "")
            case .redirect(let place): ("redirect", place)
            }
        server = try ChildProcess(
            ["/usr/bin/python3", tree.absolute("server.py"), name, value, tree.path], host.setting)
        let line = try server.waitForLine(containing: "port ").line
        guard let port = line.split(separator: " ").last.flatMap({ Int($0) }) else {
            throw TestFailure("not a port: \(line)")
        }
        self.port = port
        let subtypes = digests.flatMap { ["--subtype", "_\($0.hex.prefix(60))._sub._cache._tcp"] }
        publisher = try ChildProcess(
            ["avahi-publish-service"] + subtypes + ["peer on \(host.name)", "_cache._tcp", "\(port)"],
            host.setting)
        try publisher.waitForLine(containing: "Established")
    }

    private static let program = """
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer; import socket, ssl, sys
        manner, value, place = sys.argv[1:]

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def answer(self, status, body=b"", fields={}):
                self.send_response(status)
                for name, text in fields.items():
                    self.send_header(name, text)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def do_HEAD(self):
                if manner == "stock":
                    self.answer(403)
                elif manner == "forger":
                    self.answer(200)
                elif manner == "redirect":
                    self.answer(302, fields={"Location": value})
                else:
                    self.answer(404)
            def do_GET(self):
                if manner in ("stock", "forger"):
                    self.answer(200, value.encode())
                elif manner == "redirect":
                    self.answer(302, fields={"Location": value})
                else:
                    self.answer(404)

        if manner == "silent":
            listener = socket.create_server(("", 0))
            print("port", listener.getsockname()[1], file=sys.stderr, flush=True)
            held = []
            while True:
                held.append(listener.accept())
        server = ThreadingHTTPServer(("", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(place + "/cert.pem", place + "/key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        print("port", server.server_address[1], file=sys.stderr, flush=True)
        server.serve_forever()

        """
}
