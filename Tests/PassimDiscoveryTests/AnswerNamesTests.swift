import PassimCore
import PassimTestKit
import Testing

@testable import PassimDiscovery

struct AnswerNamesTests {
    @Test func nameOfADigestIsItsSubtypes() {
        let digest = Digest(of: "content")
        let names = AnswerNames(instance: "Passim-1A2B", domain: "local")
        let name = names.name(of: DigestPrefix(digest))
        #expect("\(name)" == CacheService.subtype(of: digest) + ".local")
        #expect(names.prefix(of: name) == DigestPrefix(digest))
        #expect("\(names.target)" == "Passim-1A2B._cache._tcp.local")
    }

    @Test func domainMayBeAnother() {
        let names = AnswerNames(instance: "Passim-1A2B", domain: "home.arpa")
        let name = names.name(of: DigestPrefix(Digest(of: "content")))
        #expect("\(name)".hasSuffix("._sub._cache._tcp.home.arpa"))
        #expect(names.prefix(of: name) != nil)
        #expect(AnswerNames(instance: "Passim-1A2B", domain: "local").prefix(of: name) == nil)
    }
}
