import PassimCore
import PassimTestKit
import Testing

@testable import PassimConfig

@Suite struct SourceURLTests {
    @Test(arguments: [
        ("https://cdn.fwupd.org/downloads/", "https://cdn.fwupd.org/downloads/", "cdn.fwupd.org"),
        ("https://cdn.fwupd.org/downloads", "https://cdn.fwupd.org/downloads/", "cdn.fwupd.org"),
        ("HTTPS://x:8443/a/PULP_MANIFEST", "HTTPS://x:8443/a/", "x"),
        ("https://[2001:db8::1]:1/", "https://[2001:db8::1]:1/", "2001:db8::1"),
        ("http://x", "http://x/", "x"),
    ])
    func placeIsADirectory(text: String, place: String, host: String) throws {
        let url = try SourceURL(text)
        #expect(url.text == place && url.host == host)
        #expect(url.isPlain == text.hasPrefix("http:"))
    }

    @Test(arguments: [
        "", "cdn.fwupd.org", "ftp://x/", "file:///srv", "https://", "https:///a", "https://u:p@x/",
        "https://x/?a",
        "https://x/#a", "https://x/a b", "https://x/a\\b", "https://x/\"", "https://x/{a}", "https://x/\n",
        "https://é/", "https:x",
    ])
    func anythingElseIsNone(text: String) {
        #expect(throws: SourceURL.Fault.self) { try SourceURL(text) }
    }

    @Test(arguments: [
        ("http://localhost/", true), ("http://LOCALHOST:1/", true), ("http://127.0.0.1/", true),
        ("http://127.9.9.9:80/", true),
        ("http://[::1]:80/", true), ("http://127.0.0.1.example/", false),
        ("http://localhost.example/", false),
        ("http://128.0.0.1/", false), ("http://127.1/", false), ("http://127.0.0.256/", false),
    ])
    func thisMachineIsKnown(text: String, isLoopback: Bool) throws {
        #expect(try SourceURL(text).isLoopback == isLoopback)
    }

    @Test func pathsAreEscaped() throws {
        let url = try SourceURL("https://x/d")
        #expect(url.url(of: RawName("a b,ü?#%/c~_-.1")) == "https://x/d/a%20b%2C%C3%BC%3F%23%25/c~_-.1")
        #expect(url.url(of: RawName(bytes: [0xFF, 0x0A])) == "https://x/d/%FF%0A")
    }
}
