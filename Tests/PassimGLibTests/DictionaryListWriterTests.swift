import Testing

@testable import PassimGLib

struct DictionaryListWriterTests {
    /// The same with GLib's own builder.
    private func reference(_ count: Int, length: Int) -> Variant {
        var builder = VariantBuilder("aa{sv}")
        for number in 0..<count {
            builder.open("a{sv}")
            builder.entry("hash", String(repeating: "ab", count: 32))
            builder.entry("filename", name(number, length))
            builder.entry("size", UInt64(number))
            if number % 3 == 0 { builder.entry("max-age", UInt32(number)) }
            if number % 5 == 0 { builder.entry("ctime", -Int64(number)) }
            builder.close()
        }
        return builder.end()
    }

    private func name(_ number: Int, _ length: Int) -> String {
        "n" + String(repeating: "ü", count: (number * 7) % (length + 1))
    }

    private func write(_ number: Int, length: Int, to writer: inout DictionaryListWriter) {
        writer.begin()
        writer.entry("hash", count: 64) { buffer in
            for index in 0..<64 { buffer[index] = index % 2 == 0 ? 0x61 : 0x62 }
        }
        writer.entry("filename", name(number, length))
        writer.entry("size", UInt64(number))
        if number % 3 == 0 { writer.entry("max-age", UInt32(number)) }
        if number % 5 == 0 { writer.entry("ctime", -Int64(number)) }
    }

    /// What is taken back leaves nothing.
    private func written(_ count: Int, length: Int) -> DictionaryListWriter {
        var writer = DictionaryListWriter()
        for number in 0..<count {
            write(number, length: length, to: &writer)
            writer.end()
            write(number, length: number % 19, to: &writer)
            writer.abandon()
        }
        return writer
    }

    @Test(arguments: [(0, 0), (1, 0), (1, 200), (2, 3), (3, 40), (7, 120), (400, 20), (1000, 600)])
    func listIsAsGDBusMarshalsIt(count: Int, length: Int) {
        let writer = written(count, length: length)
        #expect(writer.count == count)
        let size = writer.size
        let list = reference(count, length: length)
        let body = writer.finish()!
        #expect(body.count == size)
        #expect(body.withBytes { Array($0) } == Variant(tuple: [list]).messageBody)
    }

    @Test(arguments: [0, 1, 2, 3, 10])
    func numberFollowsTheList(count: Int) {
        let body = written(count, length: 9).finish(UInt64.max - 1)!
        let expected = Variant(tuple: [reference(count, length: 9), Variant(UInt64.max - 1)])
        #expect(body.withBytes { Array($0) } == expected.messageBody)
    }

    @Test func nulEndsAText() {
        var writer = DictionaryListWriter()
        writer.begin()
        writer.entry("a", "b\0c")
        writer.end()
        var builder = VariantBuilder("aa{sv}")
        builder.open("a{sv}")
        builder.entry("a", "b")
        builder.close()
        let expected = builder.end()
        let written = writer.finish()!
        #expect(written.withBytes { Array($0) } == Variant(tuple: [expected]).messageBody)
    }
}
