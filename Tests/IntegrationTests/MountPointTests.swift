import PassimCore
import PassimTestKit
import Testing

/// File systems mounted at and below a mirror.
@Suite(.enabled(if: canMount, "needs root and mount namespaces"))
struct MountPointTests {
    let site: DaemonSite
    var tree: TemporaryTree { site.tree }

    init() throws {
        site = try DaemonSite(ownMounts: true)
        try site.share()
    }

    @Test func mountPointBelowAMirrorIsServed() throws {
        try site.put("disk/hidden", "hidden by the mount")
        try site.put("beside", "beside")
        // What the daemon finds at its start has to be mounted before it.
        let disk = tree.absolute("mirror/disk")
        let daemon = try site.start(
            after: """
                mount -t tmpfs none '\(disk)'
                printf 'on the disk' >'\(disk)/file'
                touch -d 2020-01-01 '\(disk)/file'
                """)
        #expect(try daemon.firstPass().served == 2)
        #expect(try daemon.fetch(Digest(of: "on the disk")).text == "on the disk")
        #expect(try daemon.fetch(Digest(of: "beside")).text == "beside")
        #expect(try daemon.fetch(Digest(of: "hidden by the mount")).status == 404)
    }
}
