internal import PassimCore
internal import PassimTestKit

/// One GET by digest, whose bytes were held against it.
enum Download {
    case whole
    /// The connection ended before the body did.
    case cutOff
    case other(HTTPResponse)

    /// - Throws: where the bytes are wrong, or nothing came.
    init(_ target: String, of digest: Digest, over exchange: HTTPExchange, _ headers: String...) throws {
        try exchange.client.send(Download.request(target, headers))
        guard let response = try Download.response(from: exchange) else {
            self = .cutOff
            return
        }
        guard response.status == 200 else {
            self = .other(response)
            return
        }
        guard Digest(of: response.body) == digest else {
            throw TestFailure(
                "\(digest) came as \(response.body.count) bytes of \(Digest(of: response.body))")
        }
        self = .whole
    }

    static func request(_ target: String, _ headers: [String]) -> String {
        (["GET \(target) HTTP/1.1", "Host: localhost"] + headers).map { $0 + "\r\n" }.joined() + "\r\n"
    }

    static func target(_ digest: Digest, name: String = "file") -> String { "/\(name)?sha256=\(digest.hex)" }

    /// nil where it was cut off.
    static func response(from exchange: HTTPExchange) throws -> HTTPResponse? {
        do {
            var response = try exchange.head()
            guard let length = response["Content-Length"].flatMap({ Int($0) }) else {
                throw TestFailure("a response without a length: \(response.status) \(response.headers)")
            }
            do {
                try exchange.readBody(length) { response.body.append(contentsOf: $0) }
            } catch is TestFailure {
                return nil
            }
            return response
        } catch let error as TLSClient.Failure {
            if case .timedOut = error { throw error }
            return nil
        }
    }
}
