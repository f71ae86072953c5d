package import PassimCore

/// A server of firmware like cdn.fwupd.org, with faults: a PULP_MANIFEST, archives, metadata that is signed, on a port
/// of 127.0.0.1. Ended with the last reference.
///
/// Archives with `-m3.` in their names always have a wrong byte, those with `-m5.` break off once.
package final class SourceServer: Sendable {
    private let process: ChildProcess
    private let port: String
    package let isSecure: Bool

    /// - Parameters:
    ///   - archives: how many there are, of 32 to 48 KB each.
    ///   - options: what is not as usual, as `control` sets it.
    ///   - identity: a file of a certificate and its key, for https.
    package init(
        archives: Int = 40, _ options: [String: String] = [:], identity: String? = nil,
        setting: ChildProcess.Setting = .init()
    ) throws {
        let words = options.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        process = try ChildProcess(
            ["/usr/bin/python3", "-c", SourceServer.script, "\(archives)", identity ?? ""] + words, setting)
        isSecure = identity != nil
        let line = try process.waitForLine(seconds: 60) { $0.hasPrefix("port ") }.line
        port = String(line.dropFirst("port ".count))
    }

    deinit {
        process.kill(9)
    }

    /// The place of the manifest.
    package var url: String { "\(isSecure ? "https" : "http")://127.0.0.1:\(port)/downloads/" }
    package var address: String { "127.0.0.1:\(port)" }

    /// Tells the server something.
    ///
    /// - Parameter words: `publish`: there is new metadata; `arm`: there will be when the present one is asked for;
    ///   `NAME=VALUE`: an option.
    @discardableResult
    package func control(_ words: String...) throws -> String {
        try Command.succeed(
            ["curl", "-sSfk", "--noproxy", "*", "-G", url + "_control"]
                + words.flatMap { ["--data-urlencode", "\($0)"] }
        ).text
    }

    /// How often a name was asked for.
    package func hits(_ name: String) throws -> Int {
        guard let count = Int(try control("hits=\(name)")) else { throw TestFailure("no count of \(name)") }
        return count
    }

    /// What the manifest names now, by name.
    package func files() throws -> [String: Digest] {
        let text = try Command.succeed(
            ["curl", "-sSfk", "--noproxy", "*", url + "PULP_MANIFEST"]
        ).text
        var files: [String: Digest] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ",")
            guard parts.count >= 3, let digest = Digest(hex: parts[parts.count - 2]) else { continue }
            files[parts.dropLast(2).joined(separator: ",")] = digest
        }
        return files
    }

    private static let script = #"""
        if True: import gzip, hashlib, http.server, json, ssl, sys, threading, time, urllib.parse

        def sha(b): return hashlib.sha256(b).hexdigest()
        def blob(i): return hashlib.sha256(b'%d' % i).digest() * (1000 + i % 500)

        option = dict(word.split('=', 1) for word in sys.argv[3:])
        lock = threading.RLock()
        hits, faulted = {}, set()
        files, listed = {}, {}
        generation = 7346
        armed = False

        for i in range(int(sys.argv[1])):
            b = blob(i)
            name = f'{sha(b)}-Vendor, Model {i}.cab' if i % 7 == 0 else f'{sha(b)}-m{i}.cab'
            files[name] = listed[name] = b
        if 'directories' in option:
            for i in range(3): files[f'd{i}/e/x.cab'] = listed[f'd{i}/e/x.cab'] = blob(1000 + i)
        if 'large' in option:
            files['large.bin'] = listed['large.bin'] = bytes(int(option['large']))

        def publish(g):
            for old in [n for n in listed if n.startswith('firmware-')]: del listed[old]
            meta = gzip.compress(b'<components/>' + b' ' * g, mtime=0)
            # With `fixed`, the name that is signed is the one that everybody uses.
            id = 'firmware.xml.gz' if 'fixed' in option else f'firmware-{g:05d}-stable.xml.gz'
            digest = sha(b'no such content') if 'liar' in option else sha(meta)
            blobs = [] if 'unsigned' in option else [{'Kind': 1, 'Flags': 1, 'Timestamp': 1, 'Data': digest}]
            signed = {'JcatVersionMajor': 0, 'JcatVersionMinor': 1, 'Items': [
                {'Id': name, 'AliasIds': ['firmware.xml.gz'], 'Blobs': blobs}
                for name in [option.get('id', id)] + [f'copy-{i}' for i in range(int(option.get('ids', '0')))]]}
            files['firmware.xml.gz'] = listed['firmware.xml.gz'] = meta
            # With `alias`, there is no file of the name that is signed.
            if 'alias' not in option: files[id] = listed[id] = meta
            jcat = gzip.compress(json.dumps(signed).encode(), mtime=0)
            if 'nonsense' in option: jcat = b'nonsense'
            files['firmware.xml.gz.jcat'] = listed['firmware.xml.gz.jcat'] = jcat

        publish(generation)

        def manifest():
            lines = [f'{name},{sha(b)},{len(b)}' for name, b in sorted(listed.items())]
            return ('\n'.join(lines) + option.get('extra', '')).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'
            disable_nagle_algorithm = True

            def log_message(self, *arguments): pass

            def do_GET(self):
                global generation, armed
                path, _, query = self.path.partition('?')
                name = urllib.parse.unquote(path.split('/downloads/', 1)[-1])
                with lock:
                    if name == '_control':
                        return self.answer(self.control(urllib.parse.unquote_plus(query)))
                    count = hits[name] = hits.get(name, 0) + 1
                    if name == 'firmware.xml.gz' and armed:
                        armed = False
                        generation += 1
                        publish(generation)
                    if 'always' in option and name == 'PULP_MANIFEST' and count > 1:
                        generation += 1
                        publish(generation)
                    body = manifest() if name == 'PULP_MANIFEST' else files.get(name)
                if name == 'PULP_MANIFEST' and count >= int(option.get('goes', '1000')):
                    return self.answer(b'gone', 404)
                if name == 'PULP_MANIFEST' and str(count) == option.get('endless'):
                    return self.forever(body)
                if name in option.get('wait', '').split('|') and name not in faulted:
                    faulted.add(name)
                    return self.answer(b'later', 429, [('Retry-After', option.get('seconds', '1'))])
                if name in option.get('fail', '').split('|') and name not in faulted:
                    faulted.add(name)
                    return self.answer(b'failed', 500)
                if name in option.get('away', '').split('|'):
                    return self.answer(b'', 302, [('Location', option['to'])])
                if body is None or name in option.get('missing', '').split('|'):
                    return self.answer(b'not here', 404)
                time.sleep(float(option.get('delay', '0')))
                if '-m3.' in name: body = b'X' + body[1:]
                if name in option.get('short', '').split('|'): body = body[:-1]
                if name in option.get('long', '').split('|'): body += b'x'
                more = [('Last-Modified', 'Sun, 01 Nov 2026 08:49:37 GMT')] if 'dated' in option else []
                start, status = 0, 200
                header = self.headers.get('Range')
                if header and 'rangeless' not in option:
                    start, status = int(header[6:].split('-')[0]), 206
                    if start >= len(body): return self.answer(b'', 416)
                    more.append(('Content-Range', f'bytes {start}-{len(body) - 1}/{len(body)}'))
                body = body[start:]
                if 'chunked' in option:
                    return self.chunks(body)
                breaks = '-m5.' in name and count == 1
                if name in option.get('breaks', '').split('|'): breaks = True
                self.answer(body, status, more, len(body) // 2 if breaks else None)

            def control(self, words):
                global generation, armed
                for word in words.split('&'):
                    key, _, value = word.partition('=')
                    if key == 'hits': return str(hits.get(value, 0)).encode()
                    if key == 'publish':
                        generation += 1
                        publish(generation)
                    elif key == 'arm': armed = True
                    elif key == 'drop': listed.pop(value), files.pop(value)
                    elif key == 'unset': option.pop(value, None)
                    else: option[key] = value
                return b'ok'

            def answer(self, body, status=200, more=[], cut=None):
                self.send_response(status)
                self.send_header('Content-Length', str(len(body)))
                for key, value in more: self.send_header(key, value)
                self.end_headers()
                self.wfile.write(body if cut is None else body[:cut])
                if cut is not None: self.close_connection = True

            def forever(self, body):
                self.close_connection = True
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)
                while True: self.wfile.write(b'x' * 65536)

            def chunks(self, body):
                self.send_response(200)
                self.send_header('Transfer-Encoding', 'chunked')
                self.end_headers()
                for start in range(0, len(body), 1000):
                    piece = body[start:start + 1000]
                    self.wfile.write(b'%x\r\n%s\r\n' % (len(piece), piece))
                self.wfile.write(b'0\r\n\r\n')

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 128
            def handle_error(self, *arguments): pass

        server = Server(('127.0.0.1', 0), Handler)
        if sys.argv[2]:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(sys.argv[2])
            server.socket = context.wrap_socket(server.socket, server_side=True)
        print('port', server.server_address[1], file=sys.stderr, flush=True)
        server.serve_forever()
        """#
}
