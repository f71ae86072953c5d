import PassimTestKit
import Testing

@testable import PassimHTTP

/// Bytes of which many are nearly UTF-8.
func randomNearlyUTF8(_ random: inout SeededGenerator) -> [UInt8] {
    var bytes = [UInt8]()
    for _ in 0..<Int.random(in: 0...12, using: &random) {
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes.append(UInt8.random(in: 0...255, using: &random))
        case 1: bytes.append(random.pick([0x80, 0x9F, 0xA0, 0xBF, 0xC1, 0xE0, 0xED, 0xF0, 0xF4, 0xF5, 0xFF]))
        case 2:
            bytes += Array("<&\u{1}\u{85}é€😀".utf8).shuffled(using: &random).prefix(
                2)
        default:
            bytes += Array(
                random.pick(["a", "<", "\"", "é", "€", "😀", "\u{85}", "\u{202E}"]).utf8)
        }
    }
    return bytes
}

struct UTF8TextTests {
    /// The second implementation: the standard library's repair.
    @Test func unitsAreThoseOfTheStandardLibrary() {
        var random = SeededGenerator(seed: 0x2026_0070)
        let memory = GuardedBytes(capacity: 128)
        for _ in 0..<20000 {
            let bytes = randomNearlyUTF8(&random)
            let (scalars, valid) = memory.with(bytes) { buffer in
                var scalars = [UInt32]()
                var position = 0
                while position < buffer.count {
                    switch UTF8Text.unit(of: buffer, at: position) {
                    case .scalar(let scalar, let count):
                        scalars.append(scalar)
                        position += count
                    case .invalid(let count):
                        scalars.append(0xFFFD)
                        position += count
                    }
                }
                return (scalars, UTF8Text.isValid(buffer))
            }
            #expect(scalars == String(decoding: bytes, as: UTF8.self).unicodeScalars.map(\.value), "\(bytes)")
            #expect(valid == (String(validating: bytes, as: UTF8.self) != nil), "\(bytes)")
        }
    }
}
