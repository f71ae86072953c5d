import Testing

@testable import PassimConfig

@Suite struct NearestKeyTests {
    @Test(arguments: [
        ("port", "Port"), ("Prot", "Port"), ("MaxRates", "MaxRate"), ("LogClient", "LogClients"),
        ("Pth", "Path"),
    ])
    func slipIsRecognised(written: String, meant: String) {
        #expect(nearest(to: written, among: DaemonConfiguration.keys) == meant)
    }

    @Test(arguments: ["", "Frobnicate", String(repeating: "Port", count: 10_000)])
    func anythingElseIsNot(written: String) {
        #expect(nearest(to: written, among: DaemonConfiguration.keys) == nil)
    }
}
