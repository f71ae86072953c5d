import PassimSystem
import Testing

struct ProcessUsageTests {
    @Test func everythingIsTold() throws {
        let usage = ProcessUsage.now
        #expect(try #require(usage.processorSeconds) > 0)
        #expect(try #require(usage.residentBytes) > 1 << 20)
        #expect(try #require(usage.virtualBytes) >= usage.residentBytes!)
        let descriptors = try #require(usage.openDescriptors)
        #expect(descriptors >= 3)
        #expect(try #require(usage.mostDescriptors) >= UInt64(descriptors))
    }
}
