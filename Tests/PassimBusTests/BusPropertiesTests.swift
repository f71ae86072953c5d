import PassimCore
import Testing

@testable import PassimBus
@testable import PassimGLib

@Suite struct BusPropertiesTests {
    @Test func olderDaemonHasNoMirror() {
        let properties = BusProperties(
            daemonVersion: "0.1.12", name: "Passim-0A1B", uri: "https://localhost:27500/", status: .running,
            downloadSaving: 1, carbonSaving: 0.5, mirror: nil)
        #expect(properties.mirror == nil)
    }

    /// By GVariant and back.
    @Test func troublesArriveAsTheyWere() throws {
        var directory = DirectoryStatus(dropIn: "a.conf", path: "/a", state: .watching)
        directory.isAdvertised = false
        directory.newest = Timestamp(seconds: 5, nanoseconds: 0)
        directory.newestName = "firmware.xml"
        directory.lastSync = Timestamp(seconds: 6, nanoseconds: 0)
        directory.freeBytes = 7
        directory.diskBytes = 8
        var mirror = BusProperties.Mirror(
            itemCount: 1, totalBytes: 2, directories: [directory],
            troubles: [
                Trouble(.error, .discovery, subject: "s", "what", why: "why", command: "do", since: 9),
                Trouble(.warning, .disk, "only what"),
            ])
        mirror.uptime = 10
        mirror.digestsWanted = 11
        mirror.digestsFound = 12
        mirror.downloads = 13
        mirror.sentBytes = 14
        let properties = BusProperties(
            daemonVersion: "1", name: "", uri: "", status: .running, downloadSaving: 0, carbonSaving: 0,
            mirror: mirror)
        let read = BusProperties(
            try #require(properties.dictionary(of: "org.freedesktop.Passim")),
            mirror: properties.dictionary(of: "org.freedesktop.Passim.Mirror"))
        #expect("\(read)" == "\(properties)")
    }

    @Test(arguments: [
        ("{'what': <'x'>}", "x"), ("{'what': <'x'>, 'severity': <'odd'>, 'kind': <'odd'>}", "x"),
        ("{'why': <'x'>}", nil), ("{'what': <uint32 3>}", nil),
    ])
    func troubleOfAnotherDaemonIsTakenForAnError(text: String, what: String?) throws {
        let trouble = Trouble(try #require(Variant(text: text, type: "a{sv}")))
        #expect(trouble?.what == what)
        #expect(trouble.map(\.severity) == (what == nil ? nil : .error))
    }
}
