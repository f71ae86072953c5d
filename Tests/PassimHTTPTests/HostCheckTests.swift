import PassimCore
import Testing

@testable import PassimHTTP

struct HostCheckTests {
    private let check = HostCheck(hostNames: ["MyBox", "mybox.example.org.", ""])

    private func allows(_ host: String) -> Bool {
        withRaw(host) { check.allows($0) }
    }

    @Test(arguments: [
        "localhost", "LocalHost", "localhost.", "localhost:27500", "localhost:", "127.0.0.1",
        "127.0.0.1:27500",
        "127.255.255.254", "[::1]", "[::1]:27500", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
        "[::FFFF:7f00:1]:1",
        "mybox", "MYBOX:27500", "mybox.example.org", "mybox.example.org.", "127.0.0.1.",
    ])
    func thisMachineIsAllowed(host: String) {
        #expect(allows(host))
    }

    @Test(arguments: [
        "", ".", "evil.example", "localhost.evil.example", "localhost:evil", "localhost:1:2",
        "evil@localhost", "localhos",
        "localhostx", "mybox.evil.example", "127.0.0.1.evil.example", "128.0.0.1", "0.0.0.0", "127.1",
        "2130706433",
        "0x7f.0.0.1", "0127.0.0.1", "127.0.0.256", "127.0.0.1..", "[::]", "[::2]", "[::1%25lo]", "[::1",
        "::1", "[::1]x",
        "[::127.0.0.1]", "[::ffff:128.0.0.1]", "[1::1]", "[]", "localhost ", " localhost", "localhost/",
        "localhost..",
        "192.168.1.1:27500",
    ])
    func anythingElseIsNot(host: String) {
        #expect(!allows(host))
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1:27500", true), ("192.0.2.1", "192.0.2.1.", true),
        ("192.0.2.1", "mybox", true),
        ("192.0.2.1", "[::ffff:192.0.2.1]", true), ("2001:db8::1", "[2001:DB8:0::1]:27500", true),
        ("192.0.2.1", "192.0.2.2", false), ("192.0.2.1", "192.0.2.1.evil.example", false),
        ("192.0.2.1", "evil.example", false), ("2001:db8::1", "[2001:db8::2]", false),
        ("2001:db8::1", "2001:db8::1", false), ("0.0.0.0", "0.0.0.1", false),
    ])
    func addressOfTheConnectionIsAllowed(own: String, host: String, isAllowed: Bool) throws {
        let own = try #require(IPAddress(own))
        #expect(withRaw(host) { check.allows($0, at: own) } == isAllowed)
    }

    @Test func requestWithoutHostIsAllowed() {
        #expect(check.allows(nil))
    }
}
