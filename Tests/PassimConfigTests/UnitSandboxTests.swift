import PassimTestKit
import Testing

@testable import PassimConfig

@Suite struct UnitSandboxTests {
    private let tree: TemporaryTree

    init() throws {
        tree = try TemporaryTree()
    }

    private func read() -> UnitSandbox? { UnitSandbox.read([tree.absolute("etc"), tree.absolute("lib")]) }

    @Test func unitAndItsDropInsCountInTheirOrder() throws {
        #expect(read() == nil)
        try tree.write("lib/passim.service", "[Service]\nProtectHome=yes\nPrivateTmp = true \n")
        #expect(read() == UnitSandbox(hidesHomes: true, hidesTemporaries: true))
        try tree.write("lib/passim.service.d/b.conf", "[Service]\nProtectHome=read-only\n")
        #expect(read() == UnitSandbox(hidesHomes: false, hidesTemporaries: true))
        // The administrator's of the same name replaces it, and its name says when it comes.
        try tree.write("etc/passim.service.d/b.conf", "[Service]\nPrivateTmp=no\n#ProtectHome=no\n")
        #expect(read() == UnitSandbox(hidesHomes: true, hidesTemporaries: false))
        try tree.write(
            "etc/passim.service.d/z.conf", "[Service]\nPrivateTmp=disconnected\nProtectHome=tmpfs\n")
        #expect(read() == UnitSandbox(hidesHomes: true, hidesTemporaries: true))
        try tree.write("etc/passim.service", "[Service]\n")
        try tree.remove("etc/passim.service.d/z.conf")
        #expect(read() == UnitSandbox())
    }

    @Test(arguments: [
        ("/home/a", "ProtectHome=read-only"), ("/root", "ProtectHome=read-only"),
        ("/run/user/1", "ProtectHome=read-only"),
        ("/tmp/a", "PrivateTmp=no"), ("/var/tmp", "PrivateTmp=no"),
    ])
    func hiddenDirectoryIsNamedWithItsKey(path: String, key: String) {
        let sandbox = UnitSandbox(hidesHomes: true, hidesTemporaries: true)
        #expect(sandbox.obstacle(to: path)?.contains(key) == true)
        #expect(UnitSandbox().obstacle(to: path) == nil)
    }

    @Test(arguments: ["/srv", "/homes", "/rooted/a", "/run/media", "/tmpfs", "/var/tmpx", "/"])
    func otherDirectoriesAreSeen(path: String) {
        #expect(UnitSandbox(hidesHomes: true, hidesTemporaries: true).obstacle(to: path) == nil)
    }
}
