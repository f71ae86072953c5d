/// `/favicon.ico`: 16 × 16 pixels of two colours, an ICO file with one bitmap.
enum Icon {
    /// A host that hands a file down to three others. `#` is drawn, anything else is transparent.
    private static let picture = [
        "................",
        ".....######.....",
        ".....######.....",
        ".....######.....",
        ".....######.....",
        ".......##.......",
        ".......##.......",
        "..############..",
        "..############..",
        "..##...##...##..",
        "..##...##...##..",
        ".####.####.####.",
        ".####.####.####.",
        ".####.####.####.",
        ".####.####.####.",
        "................",
    ]

    static let bytes = make()

    private static func make() -> [UInt8] {
        // ICONDIR, one ICONDIRENTRY, BITMAPINFOHEADER, two colours (blue, green, red, 0), then the colour
        // bits and the mask of transparent ones, rows from the bottom up and padded to 32 bits. The bitmap
        // header's height counts both.
        let rowBytes = 4
        let imageLength = 40 + 2 * 4 + 2 * 16 * rowBytes
        var file = [UInt8]()
        file += little16(0) + little16(1) + little16(1)
        file += [16, 16, 2, 0] + little16(1) + little16(1) + little32(imageLength) + little32(22)
        file += little32(40) + little32(16) + little32(32) + little16(1) + little16(1)
        file +=
            little32(0) + little32(2 * 16 * rowBytes) + little32(0) + little32(0) + little32(2) + little32(0)
        file += [0, 0, 0, 0, 0xC8, 0x6E, 0x1E, 0]
        let drawn = picture.reversed().map { row in
            row.reduce(UInt16(0)) { bits, pixel in bits << 1 | (pixel == "#" ? 1 : 0) }
        }
        for row in drawn { file += [UInt8(row >> 8), UInt8(row & 0xFF), 0, 0] }
        for row in drawn { file += [UInt8(~row >> 8), UInt8(~row & 0xFF), 0, 0] }
        return file
    }

    private static func little16(_ value: Int) -> [UInt8] {
        [UInt8(value & 0xFF), UInt8(value >> 8 & 0xFF)]
    }

    private static func little32(_ value: Int) -> [UInt8] {
        little16(value & 0xFFFF) + little16(value >> 16)
    }
}
