import Testing

@testable import PassimHTTP

struct StatusTests {
    @Test(arguments: [
        200, 206, 302, 304, 400, 403, 404, 405, 406, 408, 413, 414, 416, 417, 423, 431, 500, 501, 503, 505,
    ])
    func everyCodeThatIsSentHasAReason(code: UInt16) {
        #expect(Status(rawValue: code).reason.description != "Unknown")
    }
}
