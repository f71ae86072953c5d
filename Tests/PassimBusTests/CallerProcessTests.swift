import Glibc
import PassimTestKit
import Testing

@testable import PassimBus

@Suite struct CallerProcessTests {
    @Test(arguments: [
        ("/usr/bin/fwupdmgr\0refresh\0", "fwupdmgr"), ("-bash\0", "-bash"), ("", ""), ("/usr/bin/\0", ""),
        ("a\nb\u{7F}\0", "a\u{FFFD}b\u{FFFD}"), ("no end", "no end"),
    ])
    func nameIsTheBasenameOfTheFirstArgument(arguments: String, name: String) {
        #expect(CallerProcess.name(ofArguments: Array(arguments.utf8)[...]) == name)
    }

    @Test func nameIsTextAndNotTooLong() {
        #expect(CallerProcess.name(ofArguments: [0x61, 0xFF, 0]) == "a\u{FFFD}")
        #expect(CallerProcess.name(ofArguments: [UInt8](repeating: 0x61, count: 4096)[...]).utf8.count == 255)
    }

    @Test func processThatIsNotThereHasNone() {
        #expect(CallerProcess.cmdline(of: 0) == "")
        #expect(CallerProcess.cmdline(of: UInt32(Int32.max)) == "")
        #expect(!CallerProcess.cmdline(of: UInt32(getpid())).isEmpty)
    }
}
