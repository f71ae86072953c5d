import Glibc
import PassimCore
import PassimTestKit
import Testing

@testable import passim

/// The files that `passim mirror add --source`, `remove` and `remote` write.
@Suite struct MirrorSourceTests {
    private let tree: TemporaryTree

    init() throws {
        tree = try TemporaryTree()
    }

    private func passim(_ arguments: String...) throws -> Command.Outcome {
        var setting = ChildProcess.Setting()
        setting.workingDirectory = tree.path
        setting.environment = ["SYSCONFDIR": tree.absolute("etc")]
        return try Command.run([try Products.path(of: "passim"), "mirror"] + arguments, setting)
    }

    private func text(_ path: String) throws -> String {
        String(decoding: try tree.read(path), as: UTF8.self)
    }

    private static let unit = "etc/systemd/system/passim-sync@lvfs.service.d"

    @Test func sourceIsConfiguredWithWhatTheUnitNeeds() throws {
        let outcome = try passim(
            "add", "lvfs", "srv/a \"b\" 5%", "--source", "https://cdn.fwupd.org/downloads")
        #expect(outcome.end == .exit(0), "\(outcome.errorText)")
        #expect(outcome.text.hasSuffix("systemctl enable --now passim-sync@lvfs.timer\n"))
        #expect(try text("etc/passim.d/lvfs.conf").contains("\nSource=https://cdn.fwupd.org/downloads/\n"))
        #expect(try tree.status("srv/a \"b\" 5%").isDirectory)
        let unit = try text("\(Self.unit)/directory.conf")
        #expect(unit.contains("[Service]\nReadWritePaths=\"\(tree.path)/srv/a \\\"b\\\" 5%%\"\n"), "\(unit)")
        #expect(try passim("remove", "lvfs").end == .exit(0))
        #expect(!tree.exists(Self.unit))
        #expect(tree.exists("srv/a \"b\" 5%"))
    }

    @Test func timersThatAreStillEnabledAreToldOfWithTheCommand() throws {
        _ = try passim("add", "lvfs", "srv", "--source", "https://x/")
        let wants = "etc/systemd/system/timers.target.wants"
        // As systemctl(1) enables them; of the first there is no unit any more.
        try tree.makeDirectory(wants)
        try tree.symlink("\(wants)/passim-verify@lvfs.timer", to: "/nowhere/passim-verify@.timer")
        try tree.symlink("\(wants)/passim-sync@other.timer", to: "/nowhere/passim-sync@.timer")
        let verified = try passim("remove", "lvfs")
        #expect(verified.end == .exit(0))
        #expect(
            verified.errorText.hasSuffix("  systemctl disable --now passim-verify@lvfs.timer\n"),
            "\(verified.errorText)")
        _ = try passim("add", "lvfs", "srv", "--source", "https://x/")
        try tree.symlink("\(wants)/passim-sync@lvfs.timer", to: "/nowhere/passim-sync@.timer")
        let both = try passim("remove", "lvfs")
        #expect(
            both.errorText.hasSuffix(
                "  systemctl disable --now passim-sync@lvfs.timer passim-verify@lvfs.timer\n"),
            "\(both.errorText)")
    }

    @Test func administratorsOwnFilesOfTheUnitStay() throws {
        _ = try passim("add", "lvfs", "srv", "--source", "https://x/")
        try tree.write("\(Self.unit)/own.conf", "[Service]\n")
        #expect(try passim("remove", "lvfs").end == .exit(0))
        #expect(try tree.list(Self.unit).map(\.description) == ["own.conf"])
    }

    @Test func directoryThatTheUnitMayNotWriteToIsToldOf() throws {
        try tree.makeDirectory("srv")
        let outcome = try passim("add", "lvfs", "srv", "--source", "https://x/")
        #expect(outcome.end == .exit(0))
        #expect(outcome.errorText.contains("chown -R passim-sync: \(tree.path)/srv"), "\(outcome.errorText)")
    }

    @Test(arguments: ["ftp://x/", "x", "https://u@x/"]) func sourceThatIsNoneChangesNothing(source: String)
        throws
    {
        let outcome = try passim("add", "lvfs", "srv", "--source", source)
        #expect(outcome.end == .exit(1))
        #expect(outcome.errorText.contains("--source \(source): "))
        #expect(!tree.exists("etc") && !tree.exists("srv"))
    }

    @Test(arguments: ["with space", "ü", "a@b", "a\\b"]) func nameThatIsNoInstanceIsRefused(name: String)
        throws
    {
        let outcome = try passim("add", name, "srv", "--source", "https://x/")
        #expect(outcome.end == .exit(1))
        #expect(outcome.errorText.contains("for the systemd unit"), "\(outcome.errorText)")
        #expect(!tree.exists("etc"))
    }

    // MARK: Remotes of fwupd

    @Test func remoteNamesTheMetadataOfTheMirror() throws {
        for name in ["firmware.xml.gz", "firmware.xml.gz.jcat", "firmware.xml.zst"] {
            try tree.write("srv/\(name)", "x")
        }
        try tree.write("etc/passim.conf", "[daemon]\nPort=27501\n")
        _ = try passim("add", "lvfs", "srv")
        let outcome = try passim("remote", "lvfs", "--host", "box.example")
        #expect(outcome.end == .exit(0), "\(outcome.errorText)")
        let lines = outcome.text.split(separator: "\n").map(String.init)
        try #require(!lines.isEmpty)
        #expect(lines.contains("[fwupd Remote]") && lines.contains("Enabled=true"))
        #expect(lines.contains("MetadataURI=https://box.example:27501/firmware.xml.gz"), "\(outcome.text)")
        #expect(lines.contains("FirmwareBaseURI=https://box.example:27501/"))
        #expect(lines[0].contains("/etc/fwupd/remotes.d/lvfs-mirror.conf"))
        #expect(outcome.errorText.contains("it needs Names=true"))
        #expect(outcome.errorText.contains("needs HTTPPort=, or Certificate= and Key="))
        try tree.write("etc/passim.conf", "[daemon]\nHTTPPort=8081\n")
        try tree.write(
            "etc/passim.d/lvfs.conf",
            "[passim]\nPath=\(tree.absolute("srv"))\nNames=true\nPrefix=/pub/lv fs\n")
        let plain = try passim("remote", "lvfs", "--host", "box.example")
        #expect(plain.errorText.isEmpty, "\(plain.errorText)")
        #expect(
            plain.text.contains("\nMetadataURI=http://box.example:8081/pub/lv%20fs/firmware.xml.gz\n"),
            "\(plain.text)")
        let other = try passim("remote", "lvfs", "--url", "http://box:8080/lvfs")
        #expect(other.text.contains("\nMetadataURI=http://box:8080/lvfs/firmware.xml.gz\n"))
    }

    @Test func remoteOfAMirrorWithoutMetadataIsNone() throws {
        try tree.write("srv/firmware.xml.gz", "x")
        _ = try passim("add", "lvfs", "srv")
        let outcome = try passim("remote", "lvfs")
        #expect(outcome.end == .exit(1))
        #expect(outcome.text.isEmpty && outcome.errorText.contains("fill it first"))
        #expect(try passim("remote", "other").errorText.contains("has no other.conf"))
    }
}
