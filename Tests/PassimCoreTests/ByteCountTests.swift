import PassimCore
import PassimTestKit
import Testing

@Suite struct ByteCountTests {
    @Test(arguments: [
        (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (102_348, "99.9 KiB"),
        (102_400, "100 KiB"), (1_047_552, "1023 KiB"), (1_048_000, "1023 KiB"), (1_048_524, "1.0 MiB"),
        (1 << 30, "1.0 GiB"), (1 << 40, "1.0 TiB"), (1 << 50, "1.0 PiB"), (1 << 60, "1.0 EiB"),
        (UInt64.max, "16.0 EiB"),
    ])
    func sizeIsShort(bytes: UInt64, text: String) {
        #expect(ByteCount(bytes).description == text)
    }

    @Test func sizeIsNearWhatItStandsFor() throws {
        var generator = SeededGenerator()
        for _ in 0..<2_000 {
            let bytes = generator.next() >> UInt64.random(in: 0...63, using: &generator)
            let words = ByteCount(bytes).description.split(separator: " ")
            let exponent = try #require(
                ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"].firstIndex(of: words[1]))
            var value = try #require(Double(words[0]))
            for _ in 0..<exponent { value *= 1024 }
            #expect(abs(value - Double(bytes)) <= Double(bytes) * 0.051, "\(bytes)")
            #expect(words[0].count <= 4)
        }
    }
}
