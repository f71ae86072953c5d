import PassimCore
import Testing

@testable import PassimSync

@Suite struct FileRoleTests {
    @Test(arguments: [
        ("a.cab", FileRole.payload), ("firmware.xml.gz", .metadata),
        ("sub/firmware-07346-stable.xml.zst", .metadata),
        ("firmware.xml", .metadata), ("firmware.xml.gz.jcat", .signature),
        ("firmware.xml.gz.asc", .signature),
        (".jcat", .payload), ("x.jcat/a.cab", .payload), ("", .payload), ("firmware.xml.cab", .payload),
    ])
    func roleIsToldByTheEnd(path: String, role: FileRole) {
        #expect(FileRole(RawName(path)) == role)
    }
}
