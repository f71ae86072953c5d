import PassimCore
import Testing

@testable import PassimPublish

@Suite struct ItemNameTests {
    @Test func nameIsSplitAtTheFirstDash() throws {
        let name = try #require(ItemName(onDisk: RawName("abc-HELLO-2.md")))
        #expect(name.prefix == RawName("abc") && name.filename == RawName("HELLO-2.md"))
        #expect(name.onDisk == RawName("abc-HELLO-2.md"))
    }

    @Test func nameWithoutADashOrABasenameIsNone() {
        for name in ["", "HELLO.md", "abc-"] { #expect(ItemName(onDisk: RawName(name)) == nil, "\(name)") }
    }
}
