import Testing

@testable import PassimHTTP

struct CommaListTests {
    @Test(arguments: [
        ("", []), (",", []), (" , ,\t", []), ("a", ["a"]), (" a ,b,, c d ", ["a", "b", "c d"]),
        (",a,", ["a"]),
    ])
    func elementsAreTrimmedAndEmptyOnesPassedOver(value: String, expected: [String]) {
        let elements = withRaw(value) { bytes in CommaList(bytes).map { latin1($0) } }
        #expect(elements == expected)
    }
}
