import PassimCore
import Testing

@testable import PassimHTTP

struct ContentFieldsTests {
    /// Of the empty file, whose base64 form is well known.
    private let digest = Digest(hex: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")!

    private func fields(_ name: RawName, type: String = "text/plain", modified: Int64 = 784_111_777) -> String
    {
        String(
            decoding: contentFields(name: name, digest: digest, contentType: type, modified: modified),
            as: UTF8.self)
    }

    private func disposition(_ name: RawName) -> String? {
        fields(name).split(separator: "\r\n").first { $0.hasPrefix("Content-Disposition: ") }.map {
            String($0.dropFirst(21))
        }
    }

    @Test func fieldsAreThoseOfTheContract() {
        #expect(
            fields(RawName("firmware.cab")) == """
                Content-Type: text/plain\r
                Content-Disposition: attachment; filename="firmware.cab"\r
                ETag: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"\r
                Accept-Ranges: bytes\r
                Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r
                Repr-Digest: sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:\r

                """)
    }

    @Test func nameThatNeedsItHasBothForms() {
        #expect(
            disposition(RawName("a b\"\r\nä.txt"))
                == "attachment; filename=\"a%20b%22%0D%0A%C3%A4.txt\"; filename*=UTF-8''a%20b%22%0D%0A%C3%A4.txt"
        )
    }

    @Test func nameThatIsNotUTF8HasThePlainFormOnly() {
        #expect(disposition(RawName(bytes: [0x61, 0xFF])) == "attachment; filename=\"a%FF\"")
    }

    @Test(arguments: ["", "text/plain\r\nX: y", "text/\u{E4}", "a\0"])
    func unprintableTypeIsNotSent(type: String) {
        #expect(fields(RawName("a"), type: type).hasPrefix("Content-Type: application/octet-stream\r\n"))
    }

    @Test func timeOutsideTheYearsIsMovedInside() {
        #expect(
            fields(RawName("a"), modified: -1).contains("Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT\r\n"))
        #expect(
            fields(RawName("a"), modified: .max).contains("Last-Modified: Fri, 31 Dec 9999 23:59:59 GMT\r\n"))
    }

    @Test func noNameAddsALine() {
        for byte in UInt8.min...UInt8.max {
            let lines = fields(RawName(bytes: [byte])).split(
                separator: "\r\n", omittingEmptySubsequences: false)
            #expect(lines.count == 7)
        }
    }
}
