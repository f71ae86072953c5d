import Testing

@testable import PassimWeb

struct WebAssetTests {
    private func little(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> Int {
        (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }

    @Test func iconIsAnICOFileOfOneBitmap() {
        let icon = WebAsset.icon.bytes
        #expect(WebAsset.icon.path == "/favicon.ico")
        #expect(WebAsset.icon.contentType == "image/vnd.microsoft.icon")
        #expect([little(icon, 0, 2), little(icon, 2, 2), little(icon, 4, 2)] == [0, 1, 1])
        #expect(icon[6] == 16 && icon[7] == 16)
        let (length, offset) = (little(icon, 14, 4), little(icon, 18, 4))
        #expect(offset == 22)
        #expect(offset + length == icon.count)
        // BITMAPINFOHEADER: its size, width, height of both masks, planes, bits a pixel.
        #expect(little(icon, offset, 4) == 40)
        #expect([little(icon, offset + 4, 4), little(icon, offset + 8, 4)] == [16, 32])
        #expect([little(icon, offset + 12, 2), little(icon, offset + 14, 2)] == [1, 1])
        let colours = offset + 48
        for row in 0..<16 {
            let drawn = little(icon, colours + row * 4, 2)
            let transparent = little(icon, colours + 64 + row * 4, 2)
            #expect(drawn ^ transparent == 0xFFFF)
        }
    }

    @Test func styleSheetKnowsBothSchemes() {
        let text = String(decoding: WebAsset.styleSheet.bytes, as: UTF8.self)
        #expect(WebAsset.styleSheet.path == "/style.css")
        #expect(text.contains("color-scheme: light dark"))
        #expect(text.contains("@media (prefers-color-scheme: dark)"))
        #expect(text.filter { $0 == "{" }.count == text.filter { $0 == "}" }.count)
        #expect(!text.contains("url("))
    }
}
