/// The characters that turn round the direction of the text behind them (UAX #9, section 2: embeddings,
/// overrides and isolates): with them a name that ends in `.exe` is shown as one that ends in `.jpg`.
///
/// The letters' own direction stays, and so do the invisible marks, which change no order of letters.
enum DirectionControls {
    private static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

    /// - Returns: the bytes with U+FFFD in the place of each; nil where there is none.
    static func replaced(in bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        guard let first = bytes.indices.first(where: { isControl(bytes, at: $0) }) else { return nil }
        var written = Array(bytes[..<first])
        var position = first
        while position < bytes.count {
            if isControl(bytes, at: position) {
                written += replacement
                position += 3
            } else {
                written.append(bytes[position])
                position += 1
            }
        }
        return written
    }

    /// U+202A–U+202E and U+2066–U+2069, in UTF-8.
    private static func isControl(_ bytes: UnsafeRawBufferPointer, at position: Int) -> Bool {
        guard bytes[position] == 0xE2, position + 2 < bytes.count else { return false }
        return switch bytes[position + 1] {
        case 0x80: 0xAA...0xAE ~= bytes[position + 2]
        case 0x81: 0xA6...0xA9 ~= bytes[position + 2]
        default: false
        }
    }
}
