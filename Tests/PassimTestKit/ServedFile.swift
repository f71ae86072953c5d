/// Scripts of servers of one file, whatever they are asked for.
package enum ServedFile {
    package struct Manner: Sendable {
        /// Understands ranges.
        package var ranges: Bool
        /// Ends the connection after so many bytes of the body.
        package var cut: Int?
        /// Bytes by which the range that it sends begins too late.
        package var shift: Int
        /// Sends no more after so many bytes of the body, and stays.
        package var halt: Int?

        package init(ranges: Bool = true, cut: Int? = nil, shift: Int = 0, halt: Int? = nil) {
            self.ranges = ranges
            self.cut = cut
            self.shift = shift
            self.halt = halt
        }
    }

    package static func script(_ content: [UInt8], _ manner: Manner = Manner()) -> [ScriptedServer.Step] {
        let answer = ScriptedServer.Step.answer { response(to: $0, content, manner) }
        let end: [ScriptedServer.Step] =
            manner.cut != nil ? [.closeNotify] : manner.halt != nil ? [.hang] : [.repeatFromRequest]
        return [.handshake, .readRequest, answer] + end
    }

    /// Sends everybody to another place.
    package static func redirect(to url: String) -> [ScriptedServer.Step] {
        let head = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: \(url)\r\n\r\n"
        return [.handshake, .readRequest, .send(head), .repeatFromRequest]
    }

    private static func response(to request: String, _ content: [UInt8], _ manner: Manner) -> [UInt8] {
        var head = "HTTP/1.1 200 OK\r\nContent-Type: text/x-test; charset=utf-8\r\n"
        var body = content[...]
        if manner.ranges, let asked = firstByte(of: request) {
            let first = asked + manner.shift
            guard first < content.count else {
                return Array("HTTP/1.1 416 No\r\nContent-Length: 0\r\n\r\n".utf8)
            }
            body = content[first...]
            head = "HTTP/1.1 206 Part\r\nContent-Range: bytes \(first)-"
            head += "\(content.count - 1)/\(content.count)\r\n"
        }
        head += "Content-Length: \(body.count)\r\n\r\n"
        if let limit = manner.cut ?? manner.halt { body = body.prefix(limit) }
        return Array(head.utf8) + body
    }

    private static func firstByte(of request: String) -> Int? {
        for line in request.split(separator: "\r\n") where line.hasPrefix("Range: bytes=") {
            return Int(line.dropFirst("Range: bytes=".count).dropLast())
        }
        return nil
    }
}
