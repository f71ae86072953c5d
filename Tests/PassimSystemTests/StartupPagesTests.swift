import Testing

@testable import PassimSystem

@Suite struct StartupPagesTests {
    private func mapping(_ head: String, anonymous: Int) -> String {
        "\(head)\nSize:   8 kB\nRss:    8 kB\nAnonymous:             \(anonymous) kB\nVmFlags: rd mr mw me\n"
    }

    @Test func onlyCleanReadOnlyMappingsOfFilesAreLetGo() {
        let text =
            mapping("1000-3000 r-xp 00000000 fd:00 77 /usr/bin/passimd", anonymous: 0)
            + mapping("3000-5000 r--p 00002000 fd:00 77 /usr/bin/passimd", anonymous: 4)
            + mapping("5000-6000 rw-p 00004000 fd:00 77 /usr/bin/passimd", anonymous: 0)
            + mapping("6000-7000 r--p 00000000 fd:00 78 /usr/lib/a b.so", anonymous: 0)
            + mapping("7000-8000 r--p 00000000 00:00 0", anonymous: 0)
            + mapping("8000-9000 r--s 00000000 fd:00 79 /shared", anonymous: 0)
        #expect(
            CleanFileMapping.all(inSmaps: text) == [
                CleanFileMapping(start: 0x1000, end: 0x3000), CleanFileMapping(start: 0x6000, end: 0x7000),
            ])
    }

    @Test func nonsenseIsNotAMapping() {
        #expect(
            CleanFileMapping.all(inSmaps: "Anonymous: 0 kB\nzz-yy r--p 0 0 1 x\nAnonymous: 0 kB\n").isEmpty)
    }

    @Test func whatIsLetGoCanBeUsedAgain() {
        #expect(releaseStartupPages() > 0)
        // Text and constants of this very program are mapped anew.
        #expect((0..<1000).map { "\($0)" }.joined().utf8.count == 2890)
    }
}
