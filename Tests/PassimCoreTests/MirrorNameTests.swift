import PassimCore
import PassimTestKit
import Testing

@Suite struct MirrorNameTests {
    private let pin = "sha256//" + String(repeating: "A", count: 43) + "="

    private func host(_ text: String) throws -> MirrorHost {
        guard case .host(let host) = try NamedMirror(text) else { throw TestFailure("\(text) is no host") }
        return host
    }

    @Test func hostPortAndPinAreRead() throws {
        #expect(try host("mirror.example.com") == MirrorHost(name: "mirror.example.com"))
        #expect(try host("Mirror:443") == MirrorHost(name: "Mirror", port: 443))
        #expect(try host("my_box#\(pin)") == MirrorHost(name: "my_box", pin: pin))
        #expect(try host("192.0.2.1:1#\(pin)") == MirrorHost(name: "192.0.2.1", port: 1, pin: pin))
        #expect(try host("[2001:db8::1]") == MirrorHost(name: "2001:db8::1"))
        #expect(try host("[2001:db8::1]:65535").authority == "[2001:db8::1]:65535")
        #expect(try host("a-b.c").authority == "a-b.c:27500")
        #expect(try NamedMirror("srv:example.com") == .service(domain: "example.com"))
        #expect(try NamedMirror("SRV:example.com") == .service(domain: "example.com"))
        // Pins are nobody's business in messages.
        #expect(try "\(NamedMirror("box#\(pin)"))" == "box:27500")
    }

    @Test(arguments: [
        ("", "names no host"), (":80", "names no host"), ("#x", "names no host"), ("srv:", "names no host"),
        ("https://box/", "a URL"), ("box/path", "a character"), ("b ox", "a character"),
        ("bóx", "a character"),
        ("user@box", "a character"), ("box.", "empty or too long"), ("a..b", "empty or too long"),
        (String(repeating: "a", count: 64), "empty or too long"),
        (String(repeating: "a.", count: 130) + "a", "empty or too long"),
        ("192.0.2.300", "neither a name nor"), ("10.1", "neither a name nor"), ("7", "neither a name nor"),
        ("box:", "the port"), ("box:0", "the port"), ("box:65536", "the port"), ("box:+1", "the port"),
        ("box:080000", "the port"), ("box:x", "the port"), ("[::1]x", "the port"), ("[::1] :1", "the port"),
        ("2001:db8::1", "in brackets"), ("[2001:db8::1", "without its ]"), ("[192.0.2.1]", "no IPv6 address"),
        ("[fe80::1]", "link-local"), ("169.254.1.1", "link-local"), ("[fe80::1%eth0]", "no IPv6 address"),
        ("srv:example.com:80", "takes a domain alone"), ("srv:example.com#sha256//x", "takes a domain alone"),
        ("box#", "the pin"), ("box#sha256//", "the pin"), ("box#sha256/AAAA", "the pin"),
        ("box#md5//AAAA", "the pin"),
    ])
    func whatIsWrongIsSaid(text: String, words: String) {
        do throws(NamedMirror.Fault) {
            let mirror = try NamedMirror(text)
            Issue.record("\(text) is \(mirror)")
        } catch {
            #expect(error.description.contains(words), "\(text): \(error)")
        }
    }

    /// libcurl compares texts: one that stands for the same bytes in another way would never match.
    @Test func pinIsTakenInTheFormThatCurlComparesAlone() throws {
        var generator = SeededGenerator(seed: 1)
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        for _ in 0..<200 {
            let random = (0..<42).map { _ in digits.randomElement(using: &generator)! }
            for (number, last) in digits.enumerated() {
                let pin = "sha256//" + String(random + [last]) + "="
                #expect(((try? host("box#\(pin)")) != nil) == number.isMultiple(of: 4))
            }
            for wrong in [
                String(random), String(random) + "==", String(random) + "A", String(random) + "A==",
            ] {
                #expect((try? host("box#sha256//\(wrong)")) == nil)
            }
        }
    }
}
