import PassimConfig
import Testing

@Suite struct ComplaintTests {
    @Test func describesFileKeyAndValue() {
        let complaint = Complaint(
            .warning, file: "/etc/passim.conf", group: "daemon", key: "Port", value: "x", "not a number")
        #expect(complaint.description == "/etc/passim.conf: [daemon] Port=x: not a number")
        #expect(Complaint(.error, file: "/f", "is gone").description == "/f: is gone")
    }

    @Test func cannotForgeALogLine() {
        let complaint = Complaint(.error, file: "/f", key: "K", value: "a\nb\u{1B}[2J", "bad")
        #expect(!complaint.description.unicodeScalars.contains { $0.value < 0x20 })
    }

    @Test(arguments: ["x", "\u{301}"]) func longTextsAreCut(unit: String) {
        let long = String(repeating: unit, count: 100_000)
        let complaint = Complaint(.error, file: "/f", key: "K", value: long, long)
        #expect(complaint.description.utf8.count < 1500)
        let unknown = Complaint(.warning, file: "/f", group: long, key: long, "unknown key")
        #expect(unknown.description.utf8.count < 1500)
    }
}
