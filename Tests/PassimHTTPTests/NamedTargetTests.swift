import PassimCore
import Testing

@testable import PassimHTTP

private let hex = String(repeating: "0123456789abcdef", count: 4)
private let digest = Digest(hex: hex)!

struct NamedTargetTests {
    private func parse(_ text: String) -> NamedTarget {
        Array(text.utf8).withUnsafeBytes { NamedTarget.parse($0) }
    }

    @Test(arguments: [
        ("/a", "a"), ("/a/b.cab", "a/b.cab"), ("/a%20b/%C3%A9", "a b/é"), ("/%61", "a"), ("/a+b", "a+b"),
        // Once, and not again.
        ("/%2561", "%61"), ("/%252F", "%2F"), ("/%252e%252e", "%2e%2e"),
        // What is no encoding is itself.
        ("/100%", "100%"), ("/%zz", "%zz"), ("/...", "..."), ("/.hidden", ".hidden"),
        ("/by-hash/SHA256", "by-hash/SHA256"), ("/by-hash/SHA512/\(hex)", "by-hash/SHA512/\(hex)"),
        ("/by-hash/sha256/\(hex)", "by-hash/sha256/\(hex)"),
        ("/by-hash/SHA256/\(hex)/a/b", "by-hash/SHA256/\(hex)/a/b"),
    ])
    func pathIsDecodedOnce(sent: String, path: String) {
        #expect(parse(sent) == .path(RawName(path)))
    }

    @Test(arguments: [
        "/", "//", "/a/", "//a", "/a//b", "/.", "/..", "/a/../b", "/%2e", "/%2E%2e", "/a/%2e%2e/b", "/a%2Fb",
        "/%2f", "/a%00", "/%00", "a", "",
    ])
    func pathOfNoFileIsNone(sent: String) {
        #expect(parse(sent) == .nothing)
    }

    @Test(arguments: [
        "/by-hash/SHA256/\(hex)", "/debian/dists/x/by-hash/SHA256/\(hex)",
        "/a/by-hash/SHA256/\(hex)/Packages.xz",
        "/by-hash/SHA256/\(hex.uppercased())", "/by%2Dhash/SHA256/\(hex)/%20",
        "/by-hash/SHA256/by-hash/SHA256/\(hex)",
    ])
    func digestInThePathIsFound(sent: String) {
        #expect(parse(sent) == .digest(digest))
    }

    @Test(arguments: [
        "/by-hash/SHA256/x", "/a/by-hash/SHA256/\(hex)0", "/by-hash/SHA256/\(hex.dropLast())/Packages",
        "/by-hash/SHA256/\(hex.dropLast())g", "/by-hash/SHA256/README/\(hex)",
    ])
    func byHashOfNoDigestIsTold(sent: String) {
        #expect(parse(sent) == .notADigest)
        #expect(NamedTarget.isByHash(RawName(sent.dropFirst())))
    }
}

struct WantDigestTests {
    private func accepts(_ value: String) -> Bool {
        Array(value.utf8).withUnsafeBytes { WantDigest.acceptsSHA256($0) }
    }

    @Test(arguments: [
        "SHA-256", "sha-256", "SHA-512;q=1, SHA-256;q=0.5, SHA;q=0.1", "sha-256 ; q=0.001",
        "md5,,sha-256;Q=1.0",
        // No weight that can be read.
        "sha-256;q=", "sha-256;x=0",
    ])
    func sha256IsWanted(value: String) { #expect(accepts(value)) }

    @Test(arguments: ["", "*", "MD5", "sha-2567", "sha-256;q=0", "sha-256;q=0.000", "SHA-512;q=1, SHA;q=0.1"])
    func anotherIsWanted(value: String) { #expect(!accepts(value)) }
}
