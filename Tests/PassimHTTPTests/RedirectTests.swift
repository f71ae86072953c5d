import PassimCore
import Testing

@testable import PassimHTTP

struct RedirectTests {
    private let digest = Digest(hex: String(repeating: "0123456789abcdef", count: 4))!

    private func name(_ path: String) -> RawName {
        Array(path.utf8).withUnsafeBytes { Redirect.name(ofPath: $0) }
    }

    private func location(_ address: IPAddress, _ name: RawName, port: UInt16 = 27500) -> String {
        let peer = Peer(address: address, port: port)
        return String(decoding: Redirect.location(of: peer, name: name, digest: digest), as: UTF8.self)
    }

    @Test func nameIsTheLastComponentDecoded() {
        #expect(name("/a.cab") == RawName("a.cab"))
        #expect(name("/dir/sub/a%20b%2Ec") == RawName("a b.c"))
        #expect(name("/") == .empty)
        #expect(name("*") == RawName("*"))
        #expect(name("/100%") == RawName("100%"))
        #expect(name("/%zz%4") == RawName("%zz%4"))
        #expect(name("/%ff") == RawName(bytes: [0xFF]))
        #expect(name("/" + String(repeating: "a", count: 4000)).bytes.count == 255)
    }

    @Test func locationIsWhatClientsFollow() throws {
        let four = try #require(IPAddress("10.77.0.1"))
        let tail = "?sha256=\(digest.hex)"
        #expect(location(four, RawName("a.cab")) == "https://10.77.0.1:27500/a.cab\(tail)")
        #expect(location(four, .empty, port: 1) == "https://10.77.0.1:1/\(digest.hex)\(tail)")
        let six = try #require(IPAddress("fd77::1"))
        #expect(location(six, RawName("a")) == "https://[fd77::1]:27500/a\(tail)")
        let local = try #require(IPAddress("fe80::1"))
        let scoped = IPAddress(high: local.high, low: local.low, scope: 1)
        #expect(location(scoped, RawName("a")) == "https://[fe80::1%25lo]:27500/a\(tail)")
    }

    @Test func mirrorIsCalledAsItWasNamed() {
        func location(_ host: MirrorHost) -> String {
            String(
                decoding: Redirect.location(of: .mirror(host), name: RawName("a b"), digest: digest),
                as: UTF8.self)
        }
        let named = location(MirrorHost(name: "Mirror.example.com", pin: "sha256//x"))
        #expect(named == "https://Mirror.example.com:27500/a%20b?sha256=\(digest.hex)")
        #expect(location(MirrorHost(name: "fd77::1", port: 443)).hasPrefix("https://[fd77::1]:443/a%20b?"))
        #expect(Redirect.authority(ofLocation: named) == "Mirror.example.com:27500")
        #expect(Redirect.authority(ofLocation: "https://box:1#sha256//x") == "box:1")
        #expect(Redirect.authority(ofLocation: "http://box:1/") == nil)
    }

    @Test func nothingInANameGetsOutOfTheLocation() throws {
        let four = try #require(IPAddress("10.77.0.1"))
        let odd = RawName(bytes: Array(0...255))
        let text = location(four, odd)
        #expect(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
        #expect(text.split(separator: "/").count == 3)
        #expect(text.split(separator: "?").count == 2)
        #expect(!text.contains("&") && !text.contains("#"))
        // What is encoded is decoded again.
        #expect(PercentEncoding.decode(PercentEncoding.encode(odd)) == odd.bytes)
    }

    @Test(arguments: ["10.77.0.1", "fd77::1", "fe80::1"])
    func peerOfALocationIsThatOfTheLocation(text: String) throws {
        var address = try #require(IPAddress(text))
        if text.hasPrefix("fe80") { address = IPAddress(high: address.high, low: address.low, scope: 1) }
        for port in [1, 443, 27500, 65535] as [UInt16] {
            let url = location(address, RawName("a b"), port: port)
            #expect(Redirect.peer(ofLocation: url) == Peer(address: address, port: port))
        }
    }

    @Test(arguments: [
        "", "https://", "http://10.77.0.1:27500/a", "https://host:27500/a", "https://10.77.0.1:0/a",
        "https://10.77.0.1:65536/", "https://10.77.0.1:/", "https://10.77.0.1:+1/", "https://[10.77.0.1]:1/",
        "https://fd77::1/", "https://[fd77::1/", "https://[fe80::1%25no-such-device]:1/",
        "https://[fe80::1%lo]:1/", "https://user@10.77.0.1:1/", "https://[fd77::1]x/",
    ])
    func whatIsNoLocationHasNoPeer(url: String) {
        #expect(Redirect.peer(ofLocation: url) == nil)
    }

    /// With a mark behind it, a slash is another character to String.
    @Test(arguments: ["", "/", "/a b", "/\u{618}", "?\u{301}", "#\u{301}"])
    func anythingMayFollowTheAuthority(rest: String) throws {
        let address = try #require(IPAddress("10.77.0.1"))
        #expect(
            Redirect.peer(ofLocation: "https://10.77.0.1:27500" + rest) == Peer(address: address, port: 27500)
        )
    }

    @Test func portOfHTTPSGoesWithoutSaying() throws {
        let address = try #require(IPAddress("10.77.0.1"))
        #expect(Redirect.peer(ofLocation: "https://10.77.0.1") == Peer(address: address, port: 443))
    }
}
