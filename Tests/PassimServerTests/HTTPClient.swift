import PassimCore
import PassimCrypto
import PassimTestKit
import Testing

struct HTTPAnswer {
    var status: Int
    /// Names in lower case; what comes twice is joined by a comma.
    var fields: [String: String]
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
}

/// Reads the answers of a server one by one, and no byte more than is theirs.
final class HTTPClient {
    let tls: TLSClient
    private var buffer: [UInt8] = []
    private var start = 0
    /// For a test that counts how much of a body it has read.
    var bytesTaken = 0

    init(_ tls: TLSClient) {
        self.tls = tls
    }

    static func request(
        _ digest: Digest, _ fields: String = "", method: String = "GET", version: String = "1.1"
    ) -> String {
        "\(method) /file?sha256=\(digest.hex) HTTP/\(version)\r\nHost: localhost\r\n\(fields)\r\n"
    }

    func get(_ digest: Digest, _ fields: String = "") throws {
        try tls.send(HTTPClient.request(digest, fields))
    }

    /// - Parameter isHead: there is no body, whatever the length says.
    func answer(isHead: Bool = false) throws -> HTTPAnswer {
        var answer = try head()
        if isHead || answer.status == 304 { return answer }
        let count = try #require(answer.fields["content-length"].flatMap { Int($0) })
        answer.body = try bytes(count)
        return answer
    }

    /// The head alone; the body is still to be read.
    func head() throws -> HTTPAnswer {
        let end: Int
        while true {
            if let found = endOfHead() {
                end = found
                break
            }
            try receive()
        }
        let lines = String(decoding: buffer[start..<end], as: UTF8.self).split(separator: "\r\n")
        start = end
        let parts = try #require(lines.first).split(separator: " ", maxSplits: 2)
        #expect(parts.first == "HTTP/1.1")
        var answer = HTTPAnswer(status: try #require(Int(parts[1])), fields: [:], body: [])
        for line in lines.dropFirst() {
            let colon = try #require(line.firstIndex(of: ":"))
            let name = line[..<colon].lowercased()
            let value = String(line[line.index(colon, offsetBy: 2)...])
            answer.fields[name] = answer.fields[name].map { "\($0), \(value)" } ?? value
        }
        return answer
    }

    func bytes(_ count: Int) throws -> [UInt8] {
        while buffer.count - start < count { try receive() }
        defer { start += count }
        return Array(buffer[start..<start + count])
    }

    /// What comes until the server ends the connection.
    func rest() throws -> (bytes: [UInt8], orderly: Bool) {
        let held = Array(buffer[start...])
        buffer = []
        start = 0
        let (bytes, orderly) = try tls.receiveUntilClosed()
        return (held + bytes, orderly)
    }

    /// Whether the server has said that it ends the connection, and nothing else.
    func isEnded() throws -> Bool {
        let (bytes, orderly) = try rest()
        return bytes.isEmpty && orderly
    }

    private func receive() throws {
        let more = try tls.receive(upTo: 1 << 18)
        if more.isEmpty { throw TLSClient.Failure.cut }
        if start == buffer.count {
            buffer = more
            start = 0
        } else {
            buffer += more
        }
    }

    private func endOfHead() -> Int? {
        var position = start
        while position + 4 <= buffer.count {
            if buffer[position] == 13, buffer[position + 1] == 10, buffer[position + 2] == 13,
                buffer[position + 3] == 10
            {
                return position + 4
            }
            position += 1
        }
        return nil
    }
}

extension TLSClient {
    /// What is on the wire until the server ends the connection.
    func receiveUntilClosedRaw() throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            do throws(Failure) {
                let more = try receiveRaw()
                if more.isEmpty { return bytes }
                bytes += more
            } catch {
                if error == .reset { return bytes }
                throw error
            }
        }
    }
}
