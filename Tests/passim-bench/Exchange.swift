internal import PassimTestKit

/// One request and its response, with as little work as a client can have: content is decrypted and
/// forgotten.
enum Exchange {
    /// - Returns: bytes of content.
    /// - Throws: what the client throws, or for a status other than 200.
    @discardableResult
    static func get(_ client: TLSClient, _ path: String, _ buffer: UnsafeMutableRawBufferPointer) throws
        -> Int
    {
        try client.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        let (received, head) = try receiveHead(client, buffer)
        guard let length = contentLength(buffer, head) else {
            throw TestFailure("a response without Content-Length to GET \(path)")
        }
        var rest = length - (received - head)
        while rest > 0 {
            let count = try client.receive(into: buffer)
            guard count > 0 else { throw TestFailure("\(rest) bytes of GET \(path) are missing") }
            rest -= count
        }
        return length
    }

    static func head(_ client: TLSClient, _ path: String) throws {
        try client.send("HEAD \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        try withBuffer { _ = try receiveHead(client, $0) }
    }

    static func withBuffer<Result>(_ body: (UnsafeMutableRawBufferPointer) throws -> Result) rethrows
        -> Result
    {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 64)
        defer { buffer.deallocate() }
        return try body(buffer)
    }

    /// - Returns: bytes in the buffer, and how many of them are the head.
    private static func receiveHead(
        _ client: TLSClient, _ buffer: UnsafeMutableRawBufferPointer
    ) throws -> (received: Int, head: Int) {
        var received = 0
        while received < buffer.count {
            let count = try client.receive(into: UnsafeMutableRawBufferPointer(rebasing: buffer[received...]))
            guard count > 0 else { throw TestFailure("the connection ended within a response's head") }
            received += count
            guard let end = find("\r\n\r\n", in: buffer[..<received]) else { continue }
            let status = buffer[9..<12]
            guard status.elementsEqual("200".utf8) else {
                throw TestFailure("status \(String(decoding: status, as: UTF8.self))")
            }
            return (received, end)
        }
        throw TestFailure("a response's head of more than \(buffer.count) bytes")
    }

    private static func contentLength(_ buffer: UnsafeMutableRawBufferPointer, _ head: Int) -> Int? {
        // Both servers write the name like this.
        guard let start = find("\r\nContent-Length: ", in: buffer[..<head]) else { return nil }
        return Int(String(decoding: buffer[start..<head].prefix { $0 != 0x0D }, as: UTF8.self))
    }

    /// - Returns: where the first one ends.
    private static func find(_ text: StaticString, in bytes: Slice<UnsafeMutableRawBufferPointer>) -> Int? {
        let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        var start = bytes.startIndex
        while start + wanted.count <= bytes.endIndex {
            if bytes[start] == wanted[0], bytes[start..<start + wanted.count].elementsEqual(wanted) {
                return start + wanted.count
            }
            start += 1
        }
        return nil
    }
}
