import Testing

@testable import PassimGLib

struct VariantTests {
    @Test func valuesAreWhatTheyWereMadeOf() {
        #expect(Variant("text – ü").string == "text – ü")
        #expect(Variant(UInt32.max).uint32 == .max)
        #expect(Variant(UInt64.max).uint64 == .max)
        #expect(Variant(Int64.min).int64 == .min)
        #expect(Variant(0.026367).double == 0.026367)
        #expect(Variant(true).boolean == true)
        #expect(Variant(handle: 7).handle == 7)
    }

    @Test func valueOfAnotherTypeIsNone() {
        let text = Variant("1")
        #expect(text.uint32 == nil && text.uint64 == nil && text.int64 == nil && text.double == nil)
        #expect(text.boolean == nil && text.handle == nil && text.children.isEmpty)
        #expect(text.value(forKey: "a") == nil)
        #expect(Variant(UInt32(1)).string == nil)
    }

    @Test func listingIsBuiltAndReadAgain() {
        var builder = VariantBuilder("aa{sv}")
        for number in 0..<3 as Range<UInt32> {
            builder.open("a{sv}")
            builder.entry("filename", "file \(number)")
            builder.entry("max-age", number)
            builder.entry("size", UInt64(number) << 40)
            builder.entry("ctime", -Int64(number))
            builder.close()
        }
        let list = builder.end()
        #expect(list.type == "aa{sv}")
        #expect(list.children.count == 3)
        let last = list.children[2]
        #expect(last.value(forKey: "filename")?.string == "file 2")
        #expect(last.value(forKey: "max-age")?.uint32 == 2)
        #expect(last.value(forKey: "size")?.uint64 == 2 << 40)
        #expect(last.value(forKey: "ctime")?.int64 == -2)
        #expect(last.value(forKey: "hash") == nil)
        let reply = Variant(tuple: [list, Variant(UInt64(3))])
        #expect(reply.type == "(aa{sv}t)")
        #expect(reply.children[1].uint64 == 3)
        #expect(Variant(tuple: []).type == "()")
        #expect(Variant(boxing: list).children.first?.type == "aa{sv}")
    }

    @Test func builderThatIsNotFinishedLetsGoOfWhatItHas() {
        var builder = VariantBuilder("aa{sv}")
        builder.open("a{sv}")
        builder.entry("key", "value")
    }

    @Test func textIsForReaders() {
        #expect(Variant(tuple: [Variant("a"), Variant(UInt32(1))]).text == "('a', uint32 1)")
    }
}
