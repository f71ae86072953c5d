/// Requests, byte for byte as a test writes them, and their responses over one TLS connection.
package final class HTTPExchange {
    package let client: TLSClient
    /// Received and not yet taken.
    private var received: [UInt8] = []

    package init(
        to address: String = "127.0.0.1", port: UInt16, _ options: TLSClient.Options = .init()
    ) throws {
        client = try TLSClient.connected(to: address, port: port, options)
    }

    /// Sends a request and reads its response.
    package func request(_ text: String, seconds: Double? = nil) throws -> HTTPResponse {
        try client.send(text)
        return try response(toHEAD: text.hasPrefix("HEAD "), seconds: seconds)
    }

    /// - Parameter target: path and query.
    /// - Parameter headers: whole lines without their ends, after `Host`.
    package func request(
        _ method: String, _ target: String, host: String = "localhost", _ headers: [String] = []
    ) throws -> HTTPResponse {
        let lines = ["\(method) \(target) HTTP/1.1", "Host: \(host)"] + headers
        return try request(lines.map { $0 + "\r\n" }.joined() + "\r\n")
    }

    /// The next response, of one or several requests that were sent.
    package func response(toHEAD: Bool = false, seconds: Double? = nil) throws -> HTTPResponse {
        var response = try head(seconds: seconds)
        guard hasBody(response, toHEAD) else { return response }
        if let length = try length(of: response) {
            var body: [UInt8] = []
            try readBody(length, seconds: seconds) { body.append(contentsOf: $0) }
            response.body = body
        } else {
            response.body = received + (try client.receiveUntilClosed(seconds: seconds).bytes)
            received = []
        }
        return response
    }

    /// The head of the next response, for bodies that are read in pieces with `readBody`.
    package func head(seconds: Double? = nil) throws -> HTTPResponse {
        while true {
            if let end = HTTPResponse.headEnd(in: received) {
                let response = try HTTPResponse(head: Array(received[..<end]))
                received.removeFirst(end)
                return response
            }
            guard received.count < 1 << 20 else { throw TestFailure("a response head of more than 1 MiB") }
            let more = try client.receive(seconds: seconds)
            guard !more.isEmpty else {
                throw TestFailure(
                    "the connection ended before a response head; received: \(received.count) bytes")
            }
            received += more
        }
    }

    /// Lends exactly `count` bytes of the body in pieces.
    ///
    /// - Throws: also where the connection ends before.
    package func readBody(_ count: Int, seconds: Double? = nil, _ body: (ArraySlice<UInt8>) -> Void) throws {
        var missing = count
        while missing > 0 {
            if received.isEmpty {
                received = try client.receive(upTo: 1 << 18, seconds: seconds)
                guard !received.isEmpty else { throw TestFailure("\(missing) of \(count) bytes are missing") }
            }
            let part = received.prefix(missing)
            body(part)
            missing -= part.count
            received.removeFirst(part.count)
        }
    }

    /// Whether the server ends the connection now, with nothing more to say.
    package func isClosed(seconds: Double = 5) -> Bool {
        guard received.isEmpty, let end = try? client.receiveUntilClosed(limit: 1, seconds: seconds) else {
            return false
        }
        return end.bytes.isEmpty
    }

    private func hasBody(_ response: HTTPResponse, _ toHEAD: Bool) -> Bool {
        !toHEAD && response.status != 304 && response.status != 204 && response.status >= 200
    }

    private func length(of response: HTTPResponse) throws -> Int? {
        let values = response.values(of: "Content-Length")
        guard let value = values.first else { return nil }
        guard values.count == 1, let length = Int(value), length >= 0, String(length) == value else {
            throw TestFailure("Content-Length: \(values)")
        }
        return length
    }
}
