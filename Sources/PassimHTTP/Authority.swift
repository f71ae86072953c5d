/// `host[:port]`, as in the Host field and in an absolute target (RFC 3986 section 3.2). User names are
/// refused: RFC 9110 section 4.2.4 has them rejected, and a Host field has none.
package struct Authority {
    /// Without the port; an IP literal with its brackets.
    package let host: UnsafeRawBufferPointer

    /// - Parameter bytes: nil for anything that is not a host, which must not be empty, and a port of digits.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard let first = bytes.first else { return nil }
        let isLiteral = first == ASCII.openBracket
        var end = isLiteral ? 1 : 0
        let allowed = isLiteral ? ByteSet.addressLiteral : ByteSet.registeredName
        while end < bytes.count, allowed.contains(bytes[end]) { end += 1 }
        if isLiteral {
            guard end > 1, end < bytes.count, bytes[end] == ASCII.closeBracket else { return nil }
            end += 1
        }
        guard end > 0 else { return nil }
        host = bytes.part(0..<end)
        if end == bytes.count { return }
        guard bytes[end] == ASCII.colon else { return nil }
        for digit in bytes[(end + 1)...] where !ASCII.isDigit(digit) { return nil }
    }
}
