import Testing

@testable import PassimHTTP

struct ByteSliceTests {
    @Test func sliceLendsItsBytes() {
        let text = withRaw("abcdef") { latin1(ByteSlice(2..<4).bytes(of: $0)) }
        #expect(text == "cd")
        #expect(ByteSlice(start: 6, count: 0).range == 6..<6)
    }
}
