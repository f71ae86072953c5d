import PassimConfig
import PassimTestKit
import Testing

@testable import PassimDaemon

@Suite struct ConfigurationCheckTests {
    private let tree: TemporaryTree

    init() throws {
        tree = try TemporaryTree()
        try tree.makeDirectory("etc/passim.d")
        try tree.write("mirror/a", "12345")
        try tree.write("mirror/deep/b", "678")
    }

    private func check() -> ConfigurationCheck {
        ConfigurationCheck(paths: Paths(environment: ["SYSCONFDIR": tree.absolute("etc")]))
    }

    private func dropIn(_ name: String, _ text: String) throws {
        try tree.write("etc/passim.d/\(name)", text)
    }

    @Test func goodConfigurationSaysWhatWouldBeServed() throws {
        try tree.write("etc/passim.conf", "[daemon]\nPort=1234\nIPv6=true\n")
        try dropIn("a.conf", "[passim]\nPath=\(tree.absolute("mirror"))\n")
        let check = check()
        #expect(check.isClean)
        #expect(check.report.contains("passim.conf: port 1234, IPv4 and IPv6\n"))
        #expect(check.report.contains("a.conf: \(tree.absolute("mirror")): 2 files, 8 bytes\n"))
        #expect(!check.report.contains("error"))
    }

    @Test func nothingConfiguredIsNoError() throws {
        let check = check()
        #expect(check.isClean)
        #expect(check.report.contains("no drop-ins"))
    }

    @Test func missingDirectoryIsAnErrorWithFileAndKey() throws {
        try dropIn("a.conf", "[passim]\nPath=\(tree.absolute("gone"))\n")
        let check = check()
        #expect(!check.isClean)
        #expect(check.report.contains("error: \(tree.absolute("etc/passim.d/a.conf")): [passim] Path="))
    }

    @Test(arguments: ["nonsense", "[passim]\n", "[passim]\nPath=relative\n", "[other]\nPath=/tmp\n"])
    func brokenDropInIsAnErrorAndTheOthersAreChecked(text: String) throws {
        try dropIn("bad.conf", text)
        try dropIn("good.conf", "[passim]\nPath=\(tree.absolute("mirror"))\n")
        let check = check()
        #expect(!check.isClean)
        #expect(check.report.contains("error: \(tree.absolute("etc/passim.d/bad.conf"))"))
        #expect(check.report.contains("good.conf: \(tree.absolute("mirror")): 2 files"))
    }

    @Test func badValueIsNamedWithFileAndKey() throws {
        try tree.write("etc/passim.conf", "[daemon]\nPort=99999\n")
        let check = check()
        #expect(!check.isClean)
        #expect(check.report.contains("warning: \(tree.absolute("etc/passim.conf")): [daemon] Port=99999"))
        #expect(check.report.contains("port 27500"))
    }

    @Test func eachLineEndsWithItself() throws {
        try dropIn("a\nb.conf", "[passim]\nPath=/no/such\n/place\n")
        let lines = check().report.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.last == "")
        for line in lines.dropLast() {
            #expect(
                line.hasPrefix("error: ") || line.hasPrefix("warning: ") || line.hasPrefix("/"), "\(line)")
        }
    }
}
