import PassimCore
import PassimTestKit
import Testing

/// A file past 4 GiB, where offsets no longer fit 32 bits.
@Suite(.timeLimit(.minutes(10)))
struct LargeFileTests {
    @Test func fiveGiBFileIsServedToItsEnd() throws {
        let site = try DaemonSite()
        let size: UInt64 = 5 << 30
        // At its end.
        let tail = "the last sixteen"
        // Sparse: it takes no room on the disk.
        try site.tree.truncate("mirror/huge", to: size)
        try site.tree.overwrite("mirror/huge", at: size - 16, Array(tail.utf8))
        try site.tree.setModified("mirror/huge", DaemonSite.longAgo)
        try site.share()
        let daemon = try site.start()
        try daemon.firstPass(seconds: 300)
        // Of sha256sum; to compute it here would take as long again.
        let digest = try #require(
            Digest(hex: "8819013018899df70643cf861ed08512aa332f8e1167015a14e4f3f98b791dc9"))
        let connection = try daemon.connect()
        let target = "/huge?sha256=\(digest.hex)"
        #expect(try connection.request("HEAD", target)["Content-Length"] == "5368709120")
        for range in ["-16", "5368709104-", "5368709104-5368709119"] {
            let response = try connection.request("GET", target, ["Range: bytes=\(range)"])
            #expect(response.status == 206)
            #expect(response["Content-Range"] == "bytes 5368709104-5368709119/5368709120")
            #expect(response.text == tail)
        }
        let across = try connection.request("GET", target, ["Range: bytes=4294967290-4294967305"])
        #expect(across.body == [UInt8](repeating: 0, count: 16))
        #expect(try connection.request("GET", target, ["Range: bytes=5368709120-"]).status == 416)
        // KiB: memory is no matter of the file's size.
        #expect(try daemon.status("VmHWM") < 200 << 10)
    }
}
