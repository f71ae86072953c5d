import Testing

@testable import PassimCrypto

struct CryptoErrorTests {
    @Test func errorNamesActionFileAndReasons() {
        let error = CryptoError(doing: "reading the key", path: "/x/secret.key", reasons: ["one", "two"])
        #expect(error.description == "reading the key /x/secret.key: one; two")
    }

    @Test func errorWithoutAReasonSaysSo() {
        #expect(
            CryptoError(doing: "making a key", reasons: []).description == "making a key: no reason given")
    }
}
