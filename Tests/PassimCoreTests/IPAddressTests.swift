import PassimCore
import PassimTestKit
import Testing

@Suite struct IPAddressTests {
    @Test(arguments: [
        "0.0.0.0", "127.0.0.1", "192.0.2.1", "255.255.255.255", "::", "::1", "2001:db8::1", "fe80::1:2:3:4",
        "::ffff:0:0:1",
    ])
    func textSurvivesARoundTrip(text: String) {
        #expect(IPAddress(text)?.description == text)
    }

    @Test(arguments: [
        "", " ", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "1.2.3.4/8", "[::1]",
        "::1%lo", ":::", "1::2::3", "12345::", "::g", "1.2.3.4\0", "::1\0x",
    ])
    func otherTextIsNoAddress(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func mappedAddressIsTheIPv4One() {
        #expect(IPAddress("::ffff:192.0.2.1") == IPAddress("192.0.2.1"))
        #expect(IPAddress("::FFFF:c000:0201")?.description == "192.0.2.1")
        #expect(IPAddress("192.0.2.1")?.isIPv4 == true)
        #expect(IPAddress("::192.0.2.1")?.isIPv4 == false)
        #expect(IPAddress(ipv4: 0x7F00_0001).description == "127.0.0.1")
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.255.255.254", true), ("126.255.255.255", false), ("128.0.0.0", false),
        ("::1", true), ("::2", false), ("::", false), ("::ffff:127.0.0.1", true), ("::127.0.0.1", false),
        ("1::1", false), ("0.0.0.1", false), ("::fffe:7f00:1", false), ("2001:db8::7f00:1", false),
    ])
    func isLoopback(text: String, expected: Bool) {
        #expect(IPAddress(text)?.isLoopback == expected)
    }
}
