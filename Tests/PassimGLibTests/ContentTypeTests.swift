import PassimCore
import PassimTestKit
import Testing

@testable import PassimGLib

@Suite struct ContentTypeTests {
    private func guess(_ name: RawName, _ content: [UInt8] = []) -> String {
        content.withUnsafeBytes { ContentType.guess(name: name, content: $0) }
    }

    @Test(arguments: [
        ("firmware.cab", "application/vnd.ms-cab-compressed"), ("a.xml", "application/xml"),
        ("a.html", "text/html"), ("a.txt", "text/plain"), ("a.gz", "application/gzip"),
        ("deep/er/a.html", "text/html"), ("A.HTML", "text/html"),
    ])
    func extensionTells(name: String, type: String) {
        #expect(guess(RawName(name)) == type)
    }

    @Test func contentTellsWhereTheNameDoesNot() {
        #expect(guess(RawName("x"), [0x1F, 0x8B, 0x08, 0, 0, 0, 0, 0, 0, 3]) == "application/gzip")
        #expect(guess(RawName("x"), Array("just words\n".utf8)) == "text/plain")
    }

    @Test func nothingKnownIsOctetStream() {
        #expect(guess(RawName("x"), [0, 1, 2, 3, 0xFF, 0xFE, 0]) == ContentType.unknown)
    }

    @Test func nameIsNeverTakenForADirectory() {
        #expect(guess(RawName.empty, [0, 1, 2]) == ContentType.unknown)
        #expect(guess(RawName("a/"), [0, 1, 2]) == ContentType.unknown)
        #expect(guess(RawName("."), [0, 1, 2]) == ContentType.unknown)
    }

    @Test func hostileNamesGiveAValidType() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<2000 {
            let name = RawName(
                bytes: (0..<Int.random(in: 0...255, using: &generator)).map { _ in
                    UInt8.random(in: 1...255, using: &generator)
                })
            let content = (0..<Int.random(in: 0...64, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            let type = guess(name, content)
            #expect(ContentType.isMediaType(type.utf8), "\(type) for \(name)")
        }
        #expect(guess(RawName(bytes: [0xFF, 0xFE] + Array(".html".utf8))).contains("/"))
    }

    @Test func threadsMayGuessAtOnce() async {
        await withTaskGroup(of: Bool.self) { group in
            for task in 0..<8 {
                group.addTask {
                    (0..<500).allSatisfy { guess(RawName("\(task)-\($0).html")) == "text/html" }
                }
            }
            for await fine in group { #expect(fine) }
        }
    }

    @Test(arguments: [
        "text", "text/", "/html", "text/html/x", "text/ht ml", "text/html\r\nX: y", "te,xt/html", "",
    ])
    func whatIsNoMediaType(text: String) {
        #expect(!ContentType.isMediaType(text.utf8))
    }
}
