import PassimCore
import PassimGLib
import Testing

@testable import PassimBus

@Suite struct PublishArgumentsTests {
    private func read(_ build: (inout VariantBuilder) -> Void) throws -> PublishRequest {
        var builder = VariantBuilder("a{sv}")
        build(&builder)
        return try PublishArguments.read(builder.end())
    }

    @Test func whatIsAbsentHasADefault() throws {
        let request = try read { $0.entry("filename", "a") }
        #expect(request == PublishRequest(filename: RawName("a")))
        #expect(request.lifetime == Lifetime(maxAge: 86400, shareLimit: 5))
    }

    private static let flags: [(UInt64, ItemFlags)] = [
        (0, []), (1, [.disabled]), (2, [.disabled, .nextReboot]), (3, [.disabled, .nextReboot]), (4, []),
        (.max, [.disabled, .nextReboot]),
    ]

    @Test(arguments: flags)
    func flagsThatAreNotKnownArePassedOver(bits: UInt64, flags: ItemFlags) throws {
        let request = try read { builder in
            builder.entry("filename", "a")
            builder.entry("flags", bits)
        }
        #expect(request.flags == flags)
    }

    @Test func everyKeyHasItsType() {
        for key in ["hash", "cmdline", "max-age", "share-limit", "share-count", "size", "flags", "ctime"]
            as [StaticString]
        {
            #expect(throws: PublishError.self, "\(key)") {
                try read { builder in
                    builder.entry("filename", "a")
                    builder.entry(key, 0.5)
                }
            }
        }
    }

    @Test func shareCountIsBelowTheLimit() throws {
        func request(_ count: UInt32, _ limit: UInt32) -> PublishRequest? {
            try? read { builder in
                builder.entry("filename", "a")
                builder.entry("share-count", count)
                builder.entry("share-limit", limit)
            }
        }
        #expect(request(0, 1) != nil && request(4, 5) != nil && request(5, .max) != nil)
        #expect(request(0, 0) == nil && request(1, 1) == nil && request(.max, .max) == nil)
    }

    @Test func whatTheCommandSendsIsWhatTheDaemonReads() throws {
        let request = PublishRequest(
            filename: RawName("ü"), lifetime: Lifetime(maxAge: 0, shareLimit: 9), shareCount: 3,
            flags: [.disabled, .nextReboot])
        #expect(try PublishArguments.read(request.dictionary(size: 5)) == request)
    }
}
