import Testing

@testable import PassimHTTP

private let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

struct ByteSetTests {
    @Test(arguments: [
        (ByteSet.token, letters + "!#$%&'*+-.^_`|~"),
        (.unreserved, letters + "-._~"),
        (.registeredName, letters + "-._~!$&'()*+,;=%"),
        (.addressLiteral, letters + "-._~:%"),
    ])
    func setHoldsItsCharactersAndNoOthers(set: ByteSet, characters: String) {
        for byte in UInt8.min...UInt8.max {
            #expect(set.contains(byte) == characters.utf8.contains(byte), "\(byte)")
        }
    }
}
