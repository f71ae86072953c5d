import PassimCore
import PassimTestKit
import Testing

@testable import PassimDiscovery

struct CacheServiceTests {
    @Test(
        arguments: [(0, "Passim-0000"), (0xAB, "Passim-00AB"), (0xFFFF, "Passim-FFFF")] as [(UInt16, String)])
    func instancesHaveFourUpperCaseDigits(number: UInt16, name: String) {
        #expect(CacheService.instanceName(number) == name)
    }

    @Test func subtypeHasSixtyDigitsOfTheDigest() {
        let digest = Digest(of: "")
        let subtype = CacheService.subtype(of: digest)
        // SHA-256 of nothing, without its last four digits.
        #expect(
            subtype == "_e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852._sub._cache._tcp")
        #expect(digest.hex.hasPrefix(subtype.dropFirst().prefix { $0 != "." }))
        #expect(subtype.split(separator: ".")[0].utf8.count <= 63)
    }

    @Test func pointerIsANameOnTheWire() {
        let start: [UInt8] =
            [11] + Array("Passim-1A2B".utf8) + [6] + Array("_cache".utf8) + [4] + Array("_tcp".utf8)
        let local: [UInt8] = [5] + Array("local".utf8) + [0]
        let home: [UInt8] = [4] + Array("home".utf8) + [4] + Array("arpa".utf8) + [0]
        #expect(CacheService.pointer(to: "Passim-1A2B", domain: "local") == start + local)
        #expect(CacheService.pointer(to: "Passim-1A2B", domain: "home.arpa") == start + home)
    }
}
